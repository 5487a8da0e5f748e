import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { loadReceiverConfig } from '../../config/receiver.ts';
import { packageFile } from '../../contract/package-root.ts';
import { tempDir } from '../simulators/temp-dir.ts';

const { dir, remove } = tempDir('receiver-config');
afterAll(remove);

function load(text: string) {
  const file = join(dir, 'receiver.yaml');
  writeFileSync(file, text);
  return loadReceiverConfig(file);
}

function faults(text: string): string[] {
  const loaded = load(text);
  return 'faults' in loaded ? loaded.faults.map((fault) => formatFault(fault).replace(`${dir}/`, '')) : [];
}

describe('receiver.yaml', () => {
  it('is valid as the example has it', () => {
    expect(loadReceiverConfig(packageFile('config', 'receiver.example.yaml'))).toMatchObject({
      value: {
        recipient: 'province',
        broker: { url: 'mqtt://127.0.0.1:1883', version: 'auto' },
        http: { port: 8090 },
      },
    });
  });

  it('needs only a broker, and reads paths from where it lies', () => {
    mkdirSync(join(dir, 'secrets'), { recursive: true });
    writeFileSync(join(dir, 'secrets', 'pw'), 'x\n');
    expect(
      load('broker: { url: "mqtt://b:1883", username: u, password_file: secrets/pw }\nstore: { file: r.db }'),
    ).toMatchObject({
      value: {
        recipient: 'province',
        broker: { password_file: join(dir, 'secrets', 'pw') },
        store: { file: join(dir, 'r.db'), dead_letters_mib: 256 },
        heartbeat_s: 60,
      },
    });
  });

  it.each([
    ['heartbeat_s: 60', /broker is missing|broker: is missing/],
    ['broker: {}', /receiver\.yaml:1:\d+ broker: names no broker; add url/],
    ['broker: { url: "http://b" }', /must be mqtt:\/\/host:port/],
    ['broker: { url: "mqtt://b:1", embedded: {} }', /there is a url, too; remove url or embedded/],
    ['broker: { url: "mqtt://b:1", username: u }', /username and password_file belong together/],
    [
      'broker:\n  embedded: { host: 0.0.0.0 }',
      /receiver\.yaml:2:\d+ broker\.embedded\.host: would take frames from anybody/,
    ],
    [
      'broker: { url: "mqtt://b:1" }\nhttp: { host: 0.0.0.0 }',
      /receiver\.yaml:2:\d+ http\.host: would answer anybody.*add token_file/,
    ],
    ['broker: { url: "mqtt://b:1" }\nhttp: { token_file: nowhere }', /"nowhere" is no file/],
    ['broker: { url: "mqtt://b:1", tls: { ca_file: none.crt } }', /"none\.crt" does not exist/],
    [
      'broker: { url: "mqtt://b:1" }\ngateways:\n  - { school: "4137010001", gateway: gw-01, region: "3701" }',
      /receiver\.yaml:3:\d+ gateways.*must be a county of 6 digits/,
    ],
    [
      'broker: { url: "mqtt://b:1" }\ngateways:\n  - { school: "4137010001", gateway: gw-01, region: "370102" }\n  - { school: "4137010001", gateway: gw-01, region: "370103" }',
      /receiver\.yaml:4:\d+ gateways.*gw-01 of 4137010001 is named twice/,
    ],
    ['broker: { url: "mqtt://b:1" }\nhttp: { prot: 1 }', /http.*prot.*port/],
  ])('says what is wrong with %j', (text, message) => {
    expect(faults(text).join('\n')).toMatch(message);
  });
});
