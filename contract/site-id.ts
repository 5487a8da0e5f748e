import { z } from 'zod';

/** Stable id of a place, slot, device, unit: letters, digits, `-`, `_`, `.`; no spaces. */
export const siteIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1-64 letters, digits, "-", "_" or ".", starting with a letter or digit',
  );
