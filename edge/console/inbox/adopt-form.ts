import { eventType } from '../event-types.ts';
import type { Candidate, EntryDetail, ProfileView, Setting } from './answers.ts';

/** One input of a module, as it is filled in. */
export interface InputRow {
  readonly name: string;
  means: string;
  polarity: 'no' | 'nc';
  /** Name of a slot of its own; empty: it belongs to the device's. */
  slotName: string;
  /** Empty: where the device is. */
  place: string;
}

/** The adoption of a device, as it is filled in. Texts are as typed. */
export interface AdoptForm {
  profile: string;
  key: string;
  name: string;
  id: string;
  place: string;
  /** A slot that exists; empty: a new one is made at the place. */
  slot: string;
  armed: 'never' | 'always';
  bridge: string;
  user: string;
  /** Only what was changed. */
  settings: Record<string, unknown>;
  inputs: InputRow[];
}

/** The form of a device for which this profile was chosen. */
export function startForm(entry: EntryDetail, candidate: Candidate | undefined, profile: string): AdoptForm {
  const { suggestion, offer } = entry;
  const proposed = offer?.kind === 'proposal' ? offer : undefined;
  return {
    profile,
    key: candidate?.deviceKey ?? proposed?.deviceKey ?? '',
    name: proposed?.name ?? '',
    id: suggestion.id,
    place: '',
    slot: '',
    armed: 'never',
    bridge: suggestion.bridge ?? '',
    user: suggestion.user ?? '',
    settings: {},
    inputs: [],
  };
}

/** The inputs that the device was heard with, where the profile lets them mean something. */
export function inputRows(candidate: Candidate | undefined, profile: ProfileView | undefined): InputRow[] {
  if (profile === undefined || Object.keys(profile.meanings).length === 0) return [];
  const names = new Set(candidate?.reads.flatMap(({ input }) => input ?? []));
  return [...names]
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => ({ name, means: '', polarity: 'no', slotName: '', place: '' }));
}

/** Does anything that the device says depend on whether its slot is armed? */
export function isDisarmable(
  candidate: Candidate | undefined,
  form: AdoptForm,
  profile: ProfileView | undefined,
) {
  const types = [
    ...(candidate?.reads.map(({ type }) => type) ?? []),
    ...form.inputs.flatMap(({ means }) => profile?.meanings[means] ?? []),
  ];
  return types.some((type) => eventType(type)?.disarmable === true);
}

/** What is sent: empty fields are left out, the gateway fills them in. */
export function requestOf(form: AdoptForm): Record<string, unknown> {
  const { profile, name, place, slot, armed, settings } = form;
  const given = (key: string, value: string) => (value.trim() === '' ? {} : { [key]: value.trim() });
  const inputs = form.inputs.filter(({ means, slotName }) => means !== '' || slotName.trim() !== '');
  return {
    profile,
    name: name.trim(),
    ...given('key', form.key),
    ...given('id', form.id),
    ...given('bridge', form.bridge),
    ...given('user', form.user),
    ...(slot === '' ? given('place', place) : { slot }),
    ...(slot === '' && armed === 'always' && place !== '' ? { slot: { armed } } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(inputs.length === 0
      ? {}
      : { inputs: Object.fromEntries(inputs.map((row) => [row.name, inputOf(row, armed)])) }),
  };
}

function inputOf({ means, polarity, slotName, place }: InputRow, armed: AdoptForm['armed']) {
  const slot =
    slotName.trim() === ''
      ? {}
      : {
          slot: {
            name: slotName.trim(),
            ...(place === '' ? {} : { place }),
            ...(armed === 'always' ? { armed } : {}),
          },
        };
  return { ...(means === '' ? {} : { means }), ...(polarity === 'nc' ? { polarity } : {}), ...slot };
}

/** A typed value as the setting wants it; undefined: the profile's own. What is no number stays a text. */
export function settingValue({ type, enum: choices }: Setting, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (choices !== undefined) return choices.find((choice) => String(choice) === trimmed) ?? trimmed;
  if (type === 'number' || type === 'integer') {
    const number = Number(trimmed);
    return Number.isFinite(number) ? number : trimmed;
  }
  if (type === 'boolean') return trimmed === 'true';
  return trimmed;
}

/** Pairs of a table setting, as rows; the profile's own where nothing was changed. */
export function tableRows(value: unknown): [key: string, value: string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, one]) => [key, String(one)]);
}
