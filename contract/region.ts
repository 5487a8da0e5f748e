import { z } from 'zod';
import data from './regions.json' with { type: 'json' };

/** What a code of 2, 4 or 6 digits stands for. */
export type RegionLevel = 'province' | 'city' | 'county';

const yearSchema = z.string().regex(/^\d{4}$/);

const entrySchema = z.strictObject({
  code: z.string().regex(/^\d{2}(?:\d{2}){0,2}$/),
  name: z.string().min(1),
  en: z.string().min(1).optional(),
  from: yearSchema.optional(),
  until: yearSchema.optional(),
  successors: z.array(z.string()).min(1).optional(),
});

/**
 * A province, city or county as GB/T 2260 names it. `regions.json` follows the yearly table of the ministry of
 * civil affairs, state of 2025-12-31; the years are those in which a change was announced.
 */
export interface Region {
  readonly code: string;
  readonly level: RegionLevel;
  /** Chinese name; the bare code where `known` is false. */
  readonly name: string;
  /** English name; provinces and the cities of the table have one. */
  readonly en?: string | undefined;
  /** Year the code was announced, where that is later than 2000. */
  readonly from?: string | undefined;
  /** Year its abolition was announced; absent while the code is current. */
  readonly until?: string | undefined;
  /** Codes that took over the area of an abolished one, the largest share first. */
  readonly successors?: readonly string[] | undefined;
  /** False for a code accepted by its shape in a province whose cities and counties are not in the table. */
  readonly known: boolean;
}

/** Every province of China, then the cities, counties and abolished codes of the provinces in the table. */
export const regions: readonly Region[] = z
  .array(entrySchema)
  .parse(data)
  .map((entry) => ({ ...entry, level: levelOf(entry.code), known: true }));

const byCode = new Map(regions.map((region) => [region.code, region]));

/** Provinces whose cities and counties are all in the table: there an unknown code is an error. */
const detailed = new Set(regions.filter((r) => r.level === 'county').map((r) => r.code.slice(0, 2)));

/**
 * A region code by its shape: 2 digits province, 4 city, 6 county (GB/T 2260 without trailing zeros).
 * It does not look in the table, so that a receiver with an older table still accepts a new county;
 * where a person types the code, ask `findRegion` or `isCounty` as well.
 */
export const regionSchema = z
  .string()
  .regex(/^\d{2}(?:(?!00)\d{2}){0,2}$/, { error: (issue) => explainRegion(String(issue.input)) });

/**
 * The region of a current or abolished code; O(1) for codes in the table.
 * In provinces whose counties are not in the table a well-formed code gives `known: false`.
 * Undefined: not well formed, no such province, or not in the table of a province that is in it.
 */
export function findRegion(code: string): Region | undefined {
  const found = byCode.get(code);
  if (found !== undefined) return found;
  const province = code.slice(0, 2);
  if (!byCode.has(province) || detailed.has(province)) return undefined;
  if (!regionSchema.safeParse(code).success) return undefined;
  return { code, level: levelOf(code), name: code, known: false };
}

/** Answer of `resolveRegion`. */
export interface RegionResolution {
  /** Always a current code: the code itself, its only successor, or the smallest region around them all. */
  readonly code: string;
  readonly region: Region;
  /** The code asked for is abolished. */
  readonly alias?: true;
  /** Current codes that took over; empty for a current code. More than one: a person has to choose. */
  readonly successors: readonly string[];
}

/**
 * The current code for a code that may be abolished. It never guesses: 3712 (Laiwu) gives 3701 with the
 * successors 370116 and 370117, and 371081 (Wendeng), which was divided, gives its city 3710.
 * Undefined where `findRegion` is.
 */
export function resolveRegion(code: string): RegionResolution | undefined {
  const region = findRegion(code);
  if (region === undefined) return undefined;
  if (region.until === undefined) return { code, region, successors: [] };
  const successors = currentSuccessors(region);
  const current = findRegion(commonRegion(successors));
  return current && { code: current.code, region: current, alias: true, successors };
}

/** Province, city and county of a county code. */
export interface RegionPath {
  readonly province: Region;
  readonly city: Region;
  readonly county: Region;
}

/**
 * The path to show for a county; an abolished county with one successor gives the path of the successor.
 * Undefined: not a county, unknown, or divided between several counties.
 */
export function regionPath(county6: string): RegionPath | undefined {
  const county = resolveRegion(county6)?.region;
  if (county?.level !== 'county') return undefined;
  const city = findRegion(county.code.slice(0, 4));
  const province = findRegion(county.code.slice(0, 2));
  return city && province && { province, city, county };
}

/** True for a current county or district; abolished codes go through `resolveRegion` first. */
export function isCounty(code: string): boolean {
  const region = findRegion(code);
  return region?.level === 'county' && region.until === undefined;
}

function levelOf(code: string): RegionLevel {
  return code.length === 2 ? 'province' : code.length === 4 ? 'city' : 'county';
}

function currentSuccessors(region: Region): string[] {
  const current = (region.successors ?? []).flatMap((code) => {
    const next = byCode.get(code);
    return next?.until === undefined ? [code] : currentSuccessors(next);
  });
  return [...new Set(current)];
}

function commonRegion(codes: readonly string[]): string {
  const first = codes[0] ?? '';
  const around = [first, first.slice(0, 4), first.slice(0, 2)];
  return around.find((region) => codes.every((code) => code.startsWith(region))) ?? '';
}

function explainRegion(code: string): string {
  if (/^\d{4}00$/.test(code)) {
    return `"${code}" is the long form of a province or city; write "${code.replace(/(?:00)+$/, '')}"`;
  }
  const forms = '2 digits for a province ("37"), 4 for a city ("3701") or 6 for a county ("370102")';
  return `"${code}" is no region code; write ${forms}`;
}
