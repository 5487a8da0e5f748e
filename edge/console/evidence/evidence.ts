import type { Alarm, Evidence } from '../../../contract/alarm.ts';
import { apiUrl } from '../api.ts';

/** A picture or film of an alarm, as a card shows it. */
export interface Shown {
  readonly id: string;
  readonly kind: 'snapshot' | 'clip';
  readonly at: string;
  /** Undefined: taken before the gateway kept which camera it was. */
  readonly camera: string | undefined;
}

/** A camera that gave nothing, and what to look at instead. */
export interface Missing {
  readonly camera: string;
  readonly kind: Evidence['kind'];
  readonly result: Exclude<Evidence['result'], 'taken'>;
  readonly instead: string | undefined;
}

/** The pictures of an alarm, the newest first, and the cameras that gave none. */
export function evidenceOf({ media = [], evidence = [] }: Pick<Alarm, 'media' | 'evidence'>): {
  shown: Shown[];
  missing: Missing[];
} {
  const cameraOf = new Map(
    evidence.flatMap(({ media: id, camera }) => (id === undefined ? [] : [[id, camera]])),
  );
  const shown = media.map(({ id, kind, at }) => ({ id, kind, at, camera: cameraOf.get(id) })).reverse();
  const gaveNothing = new Set(
    evidence.filter((one) => one.result !== 'taken' && one.kind === 'snapshot').map(({ camera }) => camera),
  );
  const missing = evidence.flatMap(({ camera, kind, result, instead }): Missing[] => {
    if (result === 'taken') return [];
    return [{ camera, kind, result, instead: follow(instead, evidence, gaveNothing) }];
  });
  return { shown, missing };
}

/** The camera that was offered may have given nothing either: then the one that was offered for it. */
function follow(
  instead: string | undefined,
  evidence: readonly Evidence[],
  gaveNothing: ReadonlySet<string>,
): string | undefined {
  let at = instead;
  for (let step = 0; at !== undefined && gaveNothing.has(at); step++) {
    if (step > evidence.length) return undefined;
    const camera: string = at;
    at = evidence.find((one) => one.camera === camera && one.result !== 'taken')?.instead;
  }
  return at;
}

/** Where a picture is to be had; it comes with the viewer's mark, and is on record. */
export function mediaUrl(id: string, size: 'thumb' | 'full'): string {
  return apiUrl(`media/${id}?size=${size}`).href;
}
