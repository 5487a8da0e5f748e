import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { EdgeConfig } from './edge-schema.ts';
import type { ConfigFault } from './fault.ts';
import type { YamlSource } from './yaml-source.ts';

/** A fault for every file or folder that `edge.yaml` names and that is missing, unreadable or of the wrong kind. */
export function checkNamedFiles(source: YamlSource): ConfigFault[] {
  const base = dirname(resolve(source.file));
  return namedFiles(source.value).flatMap(({ path, name, kind }) => {
    const problem = problemOf(resolve(base, name), kind);
    return problem === undefined
      ? []
      : [source.fault(path, `${JSON.stringify(name)} ${problem}`, 'correct the path or the file')];
  });
}

/** A copy of the configuration in which every path is absolute. */
export function absolutePaths(config: EdgeConfig, base: string): EdgeConfig {
  const walk = (value: unknown, path: PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
      );
    }
    const isPath = path.join('.') === 'data_dir' || kindOf(path) !== undefined;
    return isPath && typeof value === 'string' ? resolve(base, value) : value;
  };
  return walk(config, []) as EdgeConfig;
}

type Kind = 'folder' | 'file' | 'cert_file' | 'key_file' | 'ca_file';

interface NamedFile {
  path: PropertyKey[];
  name: string;
  kind: Kind;
}

function namedFiles(value: unknown, path: PropertyKey[] = []): NamedFile[] {
  if (typeof value === 'object' && value !== null) {
    const items: [PropertyKey, unknown][] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(value);
    return items.flatMap(([key, item]) => namedFiles(item, [...path, key]));
  }
  const kind = kindOf(path);
  return typeof value === 'string' && value !== '' && kind !== undefined ? [{ path, name: value, kind }] : [];
}

function kindOf(path: readonly PropertyKey[]): Kind | undefined {
  const key = String(path.at(-1));
  if (key === 'cert_file' || key === 'key_file' || key === 'ca_file') return key;
  if (key === 'password_file' || path.join('.') === 'site.import') return 'file';
  return path.join('.') === 'profiles.dir' ? 'folder' : undefined;
}

function problemOf(file: string, kind: Kind): string | undefined {
  try {
    const isFolder = statSync(file).isDirectory();
    if (isFolder !== (kind === 'folder')) return isFolder ? 'is a folder' : 'is not a folder';
    accessSync(file, constants.R_OK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES'
      ? 'may not be read by this user'
      : 'does not exist';
  }
  if (kind === 'folder' || kind === 'file') return undefined;
  try {
    const pem = readFileSync(file);
    createSecureContext(
      kind === 'cert_file' ? { cert: pem } : kind === 'key_file' ? { key: pem } : { ca: pem },
    );
    if (!pem.includes('-----BEGIN ')) return 'is not PEM';
  } catch {
    return kind === 'key_file'
      ? 'holds no usable private key in PEM form'
      : 'holds no certificate in PEM form';
  }
  return undefined;
}
