import { createHash } from 'node:crypto';

/** 5 MiB: an A3 sheet scanned at 150 dpi has some 2 MiB. */
export const PLAN_IMAGE_MAX = 5 * 1024 * 1024;

/** The picture of a floor plan. */
export interface PlanImage {
  type: 'image/png' | 'image/jpeg';
  /** SHA-256, lower-case hex. */
  hash: string;
  bytes: Buffer;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

/**
 * A picture by its content, whatever its name says; undefined for any other kind. SVG is none: it is a document, and may
 * carry scripts.
 */
export function planImage(bytes: Buffer): PlanImage | undefined {
  const type = bytes.subarray(0, PNG.length).equals(PNG)
    ? 'image/png'
    : bytes.subarray(0, JPEG.length).equals(JPEG)
      ? 'image/jpeg'
      : undefined;
  if (type === undefined || bytes.length > PLAN_IMAGE_MAX) return undefined;
  return { type, hash: createHash('sha256').update(bytes).digest('hex'), bytes };
}
