import { z } from 'zod';

/** Closed list of units, UCUM-like. `1` is a plain number. */
export const units = [
  '%LEL',
  'ppm',
  '%vol',
  'Cel',
  '%RH',
  'kPa',
  'MPa',
  'm',
  'm/s',
  'L/s',
  'V',
  'A',
  'mA',
  'dBm',
  '%',
  'lx',
  'dB',
  's',
  'km/h',
  '1',
] as const;

export const unitSchema = z.enum(units);
export type Unit = z.infer<typeof unitSchema>;

/** One measured value. Numbers carry a unit of the closed list; text and booleans carry none. */
export const readingSchema = z.object({
  name: z.string(),
  value: z.union([z.number(), z.string(), z.boolean()]),
  unit: unitSchema.optional(),
});
export type Reading = z.infer<typeof readingSchema>;
