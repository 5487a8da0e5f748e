import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEdgeConfig, passwordOf, reloadEdgeConfig } from '../../config/edge.ts';
import { formatFault } from '../../config/fault.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const site = `site:
  gateway: gw-01
  school: "4137010001"
  region: "370102"
  name: 示例大学
`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'edge-config-'));
  write('secrets/province', 'a-long-password\n');
  write('campus.yaml', '{}');
  mkdirSync(join(dir, 'profiles'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function load(text: string, environment: Record<string, string> = {}) {
  return loadEdgeConfig(write('edge.yaml', text), environment);
}

function faultsOf(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = load(text, environment);
  return 'faults' in loaded ? loaded.faults.map((fault) => formatFault(fault).replace(`${dir}/`, '')) : [];
}

describe('edge.yaml', () => {
  it('needs only to say which gateway it is', () => {
    expect(load(site)).toEqual({
      value: {
        site: {
          gateway: 'gw-01',
          school: '4137010001',
          region: '370102',
          name: '示例大学',
          zone: 'Asia/Shanghai',
        },
        data_dir: join(dir, '../data'),
        mqtt: {
          listeners: [{ host: '0.0.0.0', port: 1883 }],
          max_payload: 262_144,
          max_topic_levels: 32,
          max_clients: 10_000,
          max_per_account: 100,
          max_unsigned: 50,
          max_rate: 1_000,
          anonymous: false,
        },
        onvif: {
          pull_timeout_s: 8,
          answer_timeout_s: 5,
          back_off_first_s: 1,
          back_off_max_s: 60,
          refused_retry_s: 60,
          termination_s: 60,
        },
        console: { host: '127.0.0.1', port: 8080, allow_plain_http: false, session_hours: 12 },
        storage: { reserve_mib: 64, retention_days: 180 },
        alarms: {
          escalation: { second_station_s: 30, shift_leader_s: 60, security_chief_s: 180 },
          handle_within_s: 180,
          on_scene_within_s: 300,
          undelivered_s: 10,
          flood: { alarms: 10, minutes: 10 },
          chatter: { raises: 10, minutes: 5, calm_minutes: 5 },
        },
        duty: { check_s: 180, absent_minutes: 10 },
        media: {
          snapshots: true,
          snapshot_timeout_s: 5,
          clips: [],
          max_mib: 20_480,
          min_free_mib: 1_024,
        },
        brokers: [],
        uplinks: [],
        profiles: {},
        log: { level: 'info' },
      },
    });
  });

  it('resolves every path against its own folder', () => {
    const text = `${site}  import: campus.yaml
data_dir: state
profiles: {dir: profiles}
uplinks:
  - {recipient: province, url: "mqtts://p.example:8883", username: gw-01, password_file: secrets/province}
`;
    expect(load(text)).toMatchObject({
      value: {
        site: { import: join(dir, 'campus.yaml') },
        data_dir: join(dir, 'state'),
        profiles: { dir: join(dir, 'profiles') },
        uplinks: [{ password_file: join(dir, 'secrets/province'), version: 'auto' }],
      },
    });
  });

  it('names every fault at once, of the schema, between parts and of files', () => {
    const text = `site:
  gateway: GW 1
  school: "9937010001"
  region: "3701"
  name: ""
  zone: Asia/Jinan
  import: campus.yml
mqtt:
  listeners:
    - port: 1883
    - host: 127.0.0.1
      port: 1883
  anonymous: true
console:
  host: 0.0.0.0
storage: {retention_days: 30}
uplinks:
  - recipient: province
    url: http://p.example
    password: secret
  - recipient: county
    url: mqtt://c.example
    password_env: COUNTY_PASSWORD
    tls: {cert_file: gw.crt}
  - {recipient: county, url: "mqtt://c.example"}
`;
    expect(faultsOf(text)).toEqual([
      'edge.yaml:2:12 site.gateway: must be 1-63 of a-z, 0-9 and "-", starting with a letter or digit (is "GW 1"); write e.g. gw-01',
      'edge.yaml:3:11 site.school: category "99" (digits 1-2) does not exist (is "9937010001"); write one of 11, 21, 22, 31, 32, 33, 34, 35, 36, 37, 41, 42, 51, 91, 92, 93',
      'edge.yaml:4:11 site.region: "3701" is not a county or district; write the 6 digits of GB/T 2260, e.g. "370102"',
      'edge.yaml:5:9 site.name: must not be empty; write e.g. 示例大学',
      'edge.yaml:6:9 site.zone: "Asia/Jinan" is no time zone; write an IANA name, e.g. Asia/Shanghai',
      'edge.yaml:7:11 site.import: "campus.yml" does not exist; correct the path or the file',
      'edge.yaml:12:13 mqtt.listeners[1].port: 1883 is taken by mqtt.listeners[0]; write another port',
      'edge.yaml:13:14 mqtt.anonymous: must be false (is true); give each device a user in "credentials" of the site import',
      'edge.yaml:15:9 console.host: "0.0.0.0" would take passwords over plain HTTP from the network; add tls, listen on 127.0.0.1, or accept the risk with "allow_plain_http: true"',
      'edge.yaml:16:27 storage.retention_days: must be 180-3650 (is 30); write e.g. 180',
      'edge.yaml:19:10 uplinks[0].url: must be mqtt://host:port or mqtts://host:port (is "http://p.example"); write e.g. mqtts://iot.example.edu.cn:8883',
      'edge.yaml:20:5 uplinks[0].password: is not a known key; did you mean "password_file"?',
      'edge.yaml:21:5 uplinks[1].username: is missing beside the password; add the user at that broker',
      'edge.yaml:22:10 uplinks[1].url: is not encrypted, yet tls is given; write mqtts:// or remove tls',
      'edge.yaml:23:19 uplinks[1].password_env: COUNTY_PASSWORD is not set in the environment; set it, also where you check the file',
      'edge.yaml:24:10 uplinks[1].tls: needs cert_file and key_file together; add the missing one',
      'edge.yaml:24:22 uplinks[1].tls.cert_file: "gw.crt" does not exist; correct the path or the file',
      'edge.yaml:25:17 uplinks[2].recipient: "county" is taken by uplinks[1]; write another name',
    ]);
  });

  it.each([
    [
      'codes without quotes',
      'site:\n  gateway: gw-01\n  school: 4137010001\n  region: 370102\n  name: x\n',
      [
        'edge.yaml:3:11 site.school: must be text (is 4137010001); put it in quotes: "4137010001"',
        'edge.yaml:4:11 site.region: must be text (is 370102); put it in quotes: "370102"',
      ],
    ],
    ['no site', 'data_dir: x\n', ['edge.yaml:1:1 site: is missing; add "site: ..."']],
    [
      'a console on the port of the broker',
      `${site}console: {port: 1883}\n`,
      ['edge.yaml:6:17 console.port: 1883 is taken by mqtt.listeners[0]; write another port'],
    ],
    [
      'a password with the URL',
      `${site}uplinks: [{recipient: p, url: "mqtt://u:p@h"}]\n`,
      [
        'edge.yaml:6:31 uplinks[0].url: must be mqtt://host:port or mqtts://host:port (is "mqtt://u:***@h"); write e.g. mqtts://iot.example.edu.cn:8883',
      ],
    ],
    [
      'a filter of no type',
      `${site}uplinks: [{recipient: p, url: "mqtt://h", filter: {types: [smoke]}}]\n`,
      [
        'edge.yaml:6:60 uplinks[0].filter.types[0]: must be an event type or a family (is "smoke"); write e.g. FIR.SMOKE or FIR',
      ],
    ],
    [
      'a broker that cannot be',
      `${site}brokers:
  - {name: mqtt, url: "mqtt://h/path", subscribe: []}
  - {name: site, url: "mqtt://h", subscribe: [io/+/state, $share/g/io, "io/#", "a#"], password_env: NOT_SET}
  - {name: site, url: "mqtt://h", subscribe: ["#"], tls: {cert_file: x.crt}, lease: {name: c, takeover_s: 1}}
`,
      [
        'edge.yaml:7:12 brokers[0].name: is the name of the embedded broker (is "mqtt"); write another',
        'edge.yaml:7:23 brokers[0].url: must be mqtt://host:port or mqtts://host:port (is "mqtt://h/path"); write e.g. mqtts://mqtt.campus.lan:8883',
        'edge.yaml:7:51 brokers[0].subscribe: must have at least 1 entries (has 0)',
        'edge.yaml:8:5 brokers[1].username: is missing beside the password; add the user at that broker',
        'edge.yaml:8:59 brokers[1].subscribe[1]: must be a topic filter, not of $share or $SYS (is "$share/g/io"); write e.g. zigbee2mqtt/#',
        'edge.yaml:8:80 brokers[1].subscribe[3]: must be a topic filter, not of $share or $SYS (is "a#"); write e.g. zigbee2mqtt/#',
        'edge.yaml:8:101 brokers[1].password_env: NOT_SET is not set in the environment; set it, also where you check the file',
        'edge.yaml:9:12 brokers[2].name: "site" is taken by brokers[1]; write another name',
        'edge.yaml:9:23 brokers[2].url: is not encrypted, yet tls is given; write mqtts:// or remove tls',
        'edge.yaml:9:58 brokers[2].tls: needs cert_file and key_file together; add the missing one',
        'edge.yaml:9:70 brokers[2].tls.cert_file: "x.crt" does not exist; correct the path or the file',
        'edge.yaml:9:107 brokers[2].lease.takeover_s: must be 6-120; write e.g. 15',
      ],
    ],
    [
      'filters of which one message matches two',
      `${site}brokers: [{name: site, url: "mqtt://h", subscribe: ["io/+/state", "io/7/#", "io", "zb/#", "zb"]}]\n`,
      [
        'edge.yaml:6:67 brokers[0].subscribe[1]: "io/7/#" overlaps with "io/+/state": the broker would deliver twice; remove one, or make them narrower: give the devices of one of them a first topic level of their own',
        'edge.yaml:6:91 brokers[0].subscribe[4]: "zb" overlaps with "zb/#": the broker would deliver twice; remove one, or make them narrower: give the devices of one of them a first topic level of their own',
      ],
    ],
    [
      'a profile folder that is a file',
      `${site}profiles: {dir: campus.yaml}\n`,
      ['edge.yaml:6:17 profiles.dir: "campus.yaml" is not a folder; correct the path or the file'],
    ],
    [
      'an import that is a folder',
      `${site}  import: profiles\n`,
      ['edge.yaml:6:11 site.import: "profiles" is a folder; correct the path or the file'],
    ],
    [
      'a certificate that is none',
      `${site}console: {host: 0.0.0.0, tls: {cert_file: campus.yaml, key_file: campus.yaml}}\n`,
      [
        'edge.yaml:6:43 console.tls.cert_file: "campus.yaml" holds no certificate in PEM form; correct the path or the file',
        'edge.yaml:6:66 console.tls.key_file: "campus.yaml" holds no usable private key in PEM form; correct the path or the file',
      ],
    ],
  ])('refuses %s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('listens twice where that is possible', () => {
    expect(faultsOf(`${site}mqtt: {listeners: [{port: 0}, {port: 0}]}\nconsole: {port: 0}\n`)).toEqual([]);
    expect(faultsOf(`${site}mqtt: {listeners: [{host: 10.0.0.1}, {host: 10.0.0.2}]}\n`)).toEqual([]);
  });

  it('takes plain HTTP from the network only when told to', () => {
    expect(faultsOf(`${site}console: {host: 0.0.0.0, allow_plain_http: true}\n`)).toEqual([]);
    expect(faultsOf(`${site}console: {host: "::1"}\n`)).toEqual([]);
    expect(faultsOf(`${site}console: {host: 127.evil.example}\n`)).toHaveLength(1);
  });

  it('keeps a county that was abolished after the gateway was enrolled', () => {
    expect(faultsOf(site.replace('370102', '370684'))).toEqual([]);
    expect(faultsOf(site.replace('370102', '370199'))).toHaveLength(1);
    expect(faultsOf(site.replace('370102', '320102'))).toEqual([]);
  });

  it('reads the password of an uplink from its file or variable', () => {
    expect(passwordOf({ password_file: join(dir, 'secrets/province') })).toBe('a-long-password');
    expect(passwordOf({ password_env: 'P' }, { P: 'x' })).toBe('x');
    expect(passwordOf({})).toBeUndefined();
  });
});

describe('a running gateway', () => {
  it('keeps its configuration while the file has faults, and names them', () => {
    const file = write('edge.yaml', site);
    const loaded = loadEdgeConfig(file);
    if ('faults' in loaded) throw new Error('faults');
    write('edge.yaml', `${site}log: {level: loud}\n`);
    const kept = reloadEdgeConfig(loaded.value, file);
    expect(kept.config).toBe(loaded.value);
    expect(kept.changed).toEqual([]);
    expect(kept.faults.map(({ path }) => path)).toEqual(['log.level']);
    write('edge.yaml', `${site}log: {level: debug}\n`);
    const taken = reloadEdgeConfig(kept.config, file);
    expect(taken).toMatchObject({ faults: [], changed: ['log'], config: { log: { level: 'debug' } } });
  });
});

describeWithPeer('openssl', 'a real certificate', () => {
  it('is accepted, and its key in its place is not', () => {
    const [key, crt] = [join(dir, 'k.pem'), join(dir, 'c.pem')];
    execFileSync(
      requirePeer('openssl'),
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=gw', '-keyout', key, '-out', crt],
      { stdio: 'ignore' },
    );
    const text = (tls: string) => `${site}console: {host: 0.0.0.0, tls: {${tls}}}\n`;
    expect(faultsOf(text('cert_file: c.pem, key_file: k.pem'))).toEqual([]);
    expect(faultsOf(text('cert_file: k.pem, key_file: c.pem'))).toHaveLength(2);
  });
});

describe('faults never hide each other', () => {
  it('compares keys that are right although others of the same part are not', () => {
    const faults = faultsOf(`${site}console: { host: 0.0.0.0, port: 1883, session_hours: 99 }
uplinks:
  - { recipient: province, url: 'mqtt://a:1', version: 9 }
  - { recipient: province, url: 'mqtt://a:1', password_env: NOT_SET, version: 9 }
`).join('\n');
    expect(faults).toContain('console.session_hours: must be');
    expect(faults).toContain('would take passwords over plain HTTP');
    expect(faults).toContain('console.port: 1883 is taken by mqtt.listeners[0]');
    expect(faults).toContain('uplinks[1].recipient: "province" is taken by uplinks[0]');
    expect(faults).toContain('NOT_SET is not set');
    expect(faults).toContain('uplinks[1].username: is missing');
  });

  it('draws no conclusions from a key that is faulty', () => {
    const text = `${site}mqtt: { listeners: [{ port: 8080 }] }\nconsole: { host: 0.0.0.0, port: x, tls: 3 }\n`;
    expect(faultsOf(text)).toHaveLength(2);
  });
});

it.each([
  'mqtt://u:hunter22@h:1883/x',
  'mqtt://u:hun@ter22@h',
  'u:hunter22@h:1883',
  `mqtt://${'u'.repeat(20)}:hunter22${'x'.repeat(40)}@h`,
])('a refused address shows no password: %s', (url) => {
  const faults = faultsOf(
    `${site}uplinks: [{ recipient: p, url: '${url}' }]\nlog: { level: '${url}' }\n`,
  ).join('\n');
  expect(faults).toMatch(/uplinks\[0\]\.url: must be mqtt:/);
  expect(faults).toContain(':***');
  expect(faults).not.toMatch(/hun|ter22|xxxx/);
});
