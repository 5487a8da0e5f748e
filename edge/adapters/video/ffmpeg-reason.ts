import { problems, type VideoProblem } from './problems.ts';

/** What the end of ffmpeg's own messages means, where the relay has not seen the cause. */
export function reasonOf(log: string): VideoProblem {
  const coding =
    log.match(/Could not find tag for codec (\S+)/)?.[1] ?? log.match(/codec (\S+) is not supported/i)?.[1];
  if (coding !== undefined) return problems.codec(coding);
  if (/Could not find codec parameters|Decoder .* not found|Unknown encoder/i.test(log))
    return problems.codec(log.match(/Video: (\w+)/)?.[1] ?? '?');
  if (/matches no streams|does not contain any stream/i.test(log)) return problems.codec('-');
  return problems.ffmpeg();
}
