import type { FormDefinition } from '../form-schema.ts';
import { type Decoded, decodePayload } from '../payload.ts';
import type { Aliases } from './aliases.ts';
import { type Open, openAt, openBase64, openBase64Json, openHex, openJson } from './open-text.ts';
import { decodeSparkplug } from './sparkplug.ts';
import { decodeFields, decodeKeyValue } from './text-formats.ts';

/** Reads payloads. Never throws, whatever the payload; never changes it. */
export interface Decoder {
  /** Names the way to read: two of one name read alike. */
  readonly way: string;
  readonly decode: (payload: Uint8Array, aliases: Aliases) => Decoded;
}

/** Texts within JSON that are opened in place, by the name of their decoder. */
const openers: Readonly<Record<string, Open>> = {
  'json-text': openJson,
  'base64-json': openBase64Json,
  hex: openHex,
  base64: openBase64,
};

/** The decoder that a form asks for; default JSON, with `text` also plain text. */
export function compileDecoder({ decode = 'json', text }: Pick<FormDefinition, 'decode' | 'text'>): Decoder {
  return { way: JSON.stringify([decode, text]), decode: decoderOf(decode, text) };
}

function decoderOf(
  decode: NonNullable<FormDefinition['decode']>,
  text: string | undefined,
): Decoder['decode'] {
  if (decode === 'sparkplug-b') return decodeSparkplug;
  if (decode === 'key-value') return decodeKeyValue;
  if (decode === 'json') return (payload) => decodePayload(payload, text);
  if ('fields' in decode) return (payload) => decodeFields(payload, decode.fields, decode.names);
  const [name = '', path = ''] = Object.entries(decode)[0] ?? [];
  const open = openAt(path, openers[name] ?? openJson);
  return (payload) => open(decodePayload(payload, text));
}
