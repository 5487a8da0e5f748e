import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventDraft } from '../../../contract/event.ts';
import { siteSchema } from '../../../contract/site.ts';
import { builtinProfiles, Catalogue } from '../../../device-profiles/catalogue.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { InboxDesk } from '../../../edge/registry/inbox-desk.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { SiteProfiles } from '../../../edge/registry/site-profiles.ts';
import { readAddresses } from '../../../edge/registry/strangers.ts';
import { testCampus } from '../../simulators/test-campus.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';
import { MemoryGateway } from './memory-gateway.ts';

const logger = pino({ level: 'silent' });

interface Entry {
  id: string;
  channel: string;
  best?: { profile: string; deviceKey: string; score: number };
  offer?: { kind: string; profile?: string; deviceKey?: string };
}

let dir: string;
let registry: Registry;
let inbox: UnknownDeviceInbox;
let profiles: SiteProfiles;
let gateway: MemoryGateway;
let cookie: string;
let recorded: EventDraft[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'inbox-api-'));
  registry = await Registry.open({ file: join(dir, 'site.db'), logger, topicsOf: topicsOf(catalogue) });
  await registry.importSite(siteSchema.parse(testCampus(1)), { profiles: profileFacts(catalogue) });
  await start(undefined);
});

/** The API over this registry, with or without a folder for the profiles of the site. */
async function start(folder: string | undefined): Promise<void> {
  const builtin = builtinProfiles();
  profiles = new SiteProfiles(catalogue, folder === undefined ? { builtin } : { builtin, site: folder });
  inbox = new UnknownDeviceInbox({
    addresses: readAddresses(profiles),
    isIgnored: (names) => registry.ignored.takes(names),
  });
  recorded = [];
  const desk = new InboxDesk({
    inbox,
    registry,
    profiles,
    profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
    clock: Date.now,
    monotonic: () => performance.now(),
    emit: async (draft) => {
      recorded.push(draft);
    },
    logger,
  });
  gateway = await new MemoryGateway().start({ inbox: desk, profiles, directory: registry });
  cookie = await gateway.cookie('sun');
}

async function restart(folder: string | undefined): Promise<void> {
  await gateway.stop();
  await start(folder);
}

afterEach(async () => {
  await gateway.stop();
  await registry.close();
  rmSync(dir, { recursive: true, force: true });
});

let at = Date.parse('2026-09-01T00:00:00Z');

function hear(channel: string, payload: unknown, user = 'z2m'): void {
  at += 1_000;
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  inbox.addUnknown({
    source: 'mqtt',
    adapter: 'mqtt',
    channel,
    user,
    clientId: `${user}-client`,
    payload: Buffer.from(text),
    receivedAt: at,
    receivedMonotonicMs: at,
  });
}

async function get<Body>(path: string, language = 'zh'): Promise<Body> {
  const response = await gateway.get$(`/api/v1/${path}`, { cookie, 'accept-language': language });
  return (await response.json()) as Body;
}

function post(path: string, body: unknown, language = 'zh'): Promise<Response> {
  return gateway.post(`/api/v1/${path}`, body, { cookie, 'accept-language': language });
}

async function entries(query = ''): Promise<Entry[]> {
  return (await get<{ entries: Entry[] }>(`inbox${query}`)).entries;
}

async function onlyEntry(): Promise<Entry> {
  const [entry] = await entries();
  if (entry === undefined) throw new Error('the inbox is empty');
  return entry;
}

describe('the list', () => {
  it('shows each device once, the newest first, with the best guess and no payload', async () => {
    hear('zigbee2mqtt/dorm 508 smoke', { smoke: false, battery: 90 });
    hear('zigbee2mqtt/dorm 508 smoke/availability', { state: 'online' });
    hear('acme/77/state', '{"heat":1}', 'acme-77');
    const list = await get<Record<string, unknown>>('inbox');
    expect(list).toMatchObject({ unknown: 2, unreadable: 0, ignored: 0, evicted: 0 });
    expect(list.entries).toMatchObject([
      { channel: 'acme/77/state', user: 'acme-77', reason: 'unknown-device', count: 1 },
      {
        channels: ['zigbee2mqtt/dorm 508 smoke', 'zigbee2mqtt/dorm 508 smoke/availability'],
        count: 2,
        best: { profile: 'zigbee2mqtt.device', deviceKey: 'dorm 508 smoke' },
      },
    ]);
    expect(JSON.stringify(list)).not.toContain('battery');
  });

  it('comes in pages that neither repeat nor miss a device, and can be searched', async () => {
    for (let i = 0; i < 25; i++) hear(`zigbee2mqtt/lamp-${i}`, { state: 'ON' });
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const query = before === undefined ? '' : `&before=${before}`;
      const page = await get<{ entries: Entry[]; next?: string }>(`inbox?limit=10${query}`);
      seen.push(...page.entries.map(({ channel }) => channel));
      before = page.next;
      hear('zigbee2mqtt/lamp-3', { state: 'OFF' });
    } while (before !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `zigbee2mqtt/lamp-${24 - i}`));
    expect((await entries('?search=LAMP-12')).map(({ channel }) => channel)).toEqual(['zigbee2mqtt/lamp-12']);
    expect(await entries('?search=nothing')).toEqual([]);
    expect((await gateway.get$('/api/v1/inbox?before=x', { cookie })).status).toBe(400);
  });

  it('tells registered devices that cannot be read apart, with the reason', async () => {
    hear('zigbee2mqtt/lamp', { state: 'ON' });
    inbox.addUnread(
      {
        source: 'mqtt',
        adapter: 'mqtt',
        channel: 'io/io-1/state',
        payload: Buffer.from('{'),
        receivedAt: at,
        receivedMonotonicMs: at,
      },
      'undecodable',
      { device: 'io-1', detail: 'not JSON', mask: [] },
    );
    expect(await entries('?show=unreadable')).toMatchObject([
      { device: 'io-1', reason: 'undecodable', detail: 'not JSON', count: 1 },
    ]);
    expect(await entries('?show=unknown')).toMatchObject([{ channel: 'zigbee2mqtt/lamp' }]);
    const [{ id } = { id: '' }] = await entries('?show=unreadable');
    const answer = await post(`inbox/${id}/adopt`, { profile: 'io.wired', name: 'x', place: 'lab' });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, 'not-possible']);
    expect(await (await post(`inbox/${id}/dismiss`, {})).json()).toEqual({ ignored: false });
    expect(await entries('?show=unreadable')).toEqual([]);
  });
});

describe('one device', () => {
  it('has its last messages, masked, and what three profiles read, in the language asked for', async () => {
    hear('zigbee2mqtt/keypad', { action: 'emergency', action_code: '471108' });
    const { id } = await onlyEntry();
    const detail = await get<Record<string, unknown>>(`inbox/${id}`);
    expect(JSON.stringify(detail)).not.toContain('471108');
    expect(detail).toMatchObject({
      samples: [{ channel: 'zigbee2mqtt/keypad', text: '{"action":"emergency","action_code":"***"}' }],
      candidates: [
        { profile: 'zigbee2mqtt.device', reads: [{ type: 'EMG.PANIC', edge: 'pulse' }], generic: false },
        { generic: true },
        { generic: true },
      ],
      suggestion: { id: 'keypad', bridge: 'z2m' },
      partial: false,
    });
    expect(JSON.stringify(detail.candidates)).toContain('全部读懂');
    expect(JSON.stringify((await get<Record<string, unknown>>(`inbox/${id}`, 'en')).candidates)).toContain(
      'Understands all',
    );
    expect((await gateway.get$('/api/v1/inbox/gone', { cookie })).status).toBe(404);
  });
});

describe('adopting', () => {
  it('registers the device and its slot, forgets the group, and says what comes next', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false, battery: 90 });
    const { id } = await onlyEntry();
    const answer = await post(`inbox/${id}/adopt`, {
      profile: 'zigbee2mqtt.device',
      name: '508 烟感',
      place: 'lab',
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      device: {
        id: 'dorm-smoke',
        name: '508 烟感',
        profile: 'zigbee2mqtt.device',
        key: 'dorm-smoke',
        slot: 'dorm-smoke',
        bridge: 'z2m',
      },
      slots: [{ id: 'dorm-smoke', name: '508 烟感', place: 'lab', lifeSafety: true, armed: 'never' }],
      next: { status: 'mapped', reads: [{ type: 'FIR.SMOKE', edge: 'clear' }, {}], alarming: false },
    });
    expect(registry.findDevice('zigbee2mqtt.device', 'dorm-smoke')?.id).toBe('dorm-smoke');
    expect(registry.isLifeSafety('dorm-smoke')).toBe(true);
    expect(await entries()).toEqual([]);
    expect(recorded).toMatchObject([
      { type: 'SYS.CFG', data: { by: 'sun', what: 'device registered', device: 'dorm-smoke' } },
    ]);
    expect((await post(`inbox/${id}/adopt`, { profile: 'p', name: 'x', place: 'lab' })).status).toBe(404);
  });

  it('says that the device alarms now where its last message did', async () => {
    hear('zigbee2mqtt/kitchen', { smoke: true });
    const { id } = await onlyEntry();
    const answer = await post(`inbox/${id}/adopt`, {
      profile: 'zigbee2mqtt.device',
      name: '后厨烟感',
      slot: 'lab-smoke',
    });
    expect(await answer.json()).toMatchObject({
      device: { slot: 'lab-smoke' },
      slots: [],
      next: { alarming: true },
    });
  });

  it('takes the inputs of a module, each with its meaning and a slot of its own', async () => {
    hear('io/io-9/state', { seq: 1, ch: { 1: 'normal', 2: 'normal' } }, 'io-9');
    const { id } = await onlyEntry();
    const answer = await post(`inbox/${id}/adopt`, {
      profile: 'io.wired',
      name: '门卫模块',
      inputs: {
        1: { means: 'panic', slot: { name: '门卫一键报警', place: 'room-io-1' } },
        2: { means: 'door', polarity: 'nc', slot: 'lab-door' },
      },
    });
    expect(await answer.json()).toMatchObject({
      device: { id: 'io-9', inputs: { 1: { slot: 'io-9-1' }, 2: { slot: 'lab-door', polarity: 'nc' } } },
      slots: [{ id: 'io-9-1', name: '门卫一键报警', place: 'room-io-1', lifeSafety: true }],
    });
  });

  it('names every fault by its field and says what to write, in both languages', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false });
    const { id } = await onlyEntry();
    const wrong = {
      profile: 'zigbee2mqtt.device',
      key: 'another',
      id: 'io-1',
      name: '烟感',
      place: 'labb',
      bridge: 'nobody',
      settings: { gas_alarm: 'high', contact: 'dor', colour: 'red' },
      inputs: { 1: { means: 'panik' } },
    };
    const errorsIn = async (language: string) => {
      const answer = await post(`inbox/${id}/adopt`, wrong, language);
      expect(answer.status).toBe(400);
      const { code, errors } = (await answer.json()) as {
        code: string;
        errors: { path: string; message: string }[];
      };
      expect(code).toBe('invalid');
      return Object.fromEntries(errors.map(({ path, message }) => [path, message]));
    };
    const zh = await errorsIn('zh');
    expect(Object.keys(zh).sort()).toEqual([
      'bridge',
      'id',
      'inputs.1.means',
      'key',
      'place',
      'settings.colour',
      'settings.contact',
      'settings.gas_alarm',
    ]);
    expect(zh.place).toBe('没有编号为“labb”的地点；是不是“lab”？');
    expect(zh['settings.gas_alarm']).toBe('应填写数字。');
    expect(zh.key).toContain('“dorm-smoke”');
    for (const [path, message] of Object.entries(zh))
      expect(message, path).not.toMatch(/[a-z]{3,} [a-z]{2,} /);
    const en = await errorsIn('en');
    expect(en.id).toBe('"io-1" is taken; choose another');
    expect(en['inputs.1.means']).toContain('did you mean "panic"');
    expect(registry.devices().some(({ name }) => name === '烟感')).toBe(false);
    expect(await entries()).toHaveLength(1);
  });

  it('refuses a profile that does not read the device’s topics, and one that there is not', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false });
    const { id } = await onlyEntry();
    const pathsOf = async (body: object) => {
      const answer = await post(`inbox/${id}/adopt`, { name: 'x', place: 'lab', ...body });
      return ((await answer.json()) as { errors: { path: string }[] }).errors.map(({ path }) => path);
    };
    expect(await pathsOf({ profile: 'io.wired' })).toEqual(['profile']);
    expect(await pathsOf({ profile: 'zigbee2mqtt.devise' })).toEqual(['profile']);
    expect(await pathsOf({ profile: 'zigbee2mqtt.device', place: undefined })).toEqual(['place']);
    expect(await pathsOf({ profile: 'zigbee2mqtt.device', slot: { name: 'x'.repeat(81) } })).toEqual([
      'slot.name',
    ]);
  });

  it('survives a restart and the next import of the same file', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false });
    const { id } = await onlyEntry();
    await post(`inbox/${id}/adopt`, { profile: 'zigbee2mqtt.device', name: '烟感', place: 'lab' });
    await registry.importSite(siteSchema.parse(testCampus(1)), { profiles: profileFacts(catalogue) });
    expect(registry.device('dorm-smoke')?.name).toBe('烟感');
    await registry.close();
    registry = await Registry.open({ file: join(dir, 'site.db'), logger });
    expect(registry.device('dorm-smoke')?.name).toBe('烟感');
  });

  it('two adoptions of one device at once make one', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false });
    const { id } = await onlyEntry();
    const body = { profile: 'zigbee2mqtt.device', name: '烟感', place: 'lab' };
    const both = await Promise.all([post(`inbox/${id}/adopt`, body), post(`inbox/${id}/adopt`, body)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 400]);
    expect(registry.devices().filter(({ key }) => key === 'dorm-smoke')).toHaveLength(1);
  });

  it('by an import instead empties the inbox as well', async () => {
    hear('zigbee2mqtt/dorm-smoke', { smoke: false });
    const device = { id: 'other-id', name: '烟感', profile: 'zigbee2mqtt.device', key: 'dorm-smoke' };
    await registry.importSite(siteSchema.parse({ devices: [device] }), { profiles: profileFacts(catalogue) });
    expect(await entries()).toEqual([]);
  });
});

describe('what a device says of itself', () => {
  const config = {
    name: 'Smoke',
    unique_id: 'acme-9-smoke',
    device_class: 'smoke',
    state_topic: 'acme/9/smoke',
    device: { identifiers: ['acme-9'], name: 'Acme 9' },
  };
  const topic = 'homeassistant/binary_sensor/acme-9/config';
  let folder: string;

  beforeEach(async () => {
    folder = join(dir, 'profiles');
    mkdirSync(folder);
    await restart(folder);
    hear(topic, config);
  });

  it('is a proposal, apart from the unknown devices, and trusted by nobody', async () => {
    expect(await entries('?show=unknown')).toEqual([]);
    const list = await get<{ entries: Entry[]; unknown: number; described: number }>('inbox?show=described');
    expect(list).toMatchObject({
      unknown: 0,
      described: 1,
      entries: [{ channel: topic, offer: { kind: 'proposal', writes: true, name: 'Acme 9 Smoke' } }],
    });
    const detail = await get<Record<string, unknown>>(`inbox/${list.entries[0]?.id}`);
    expect(detail).toMatchObject({
      candidates: [],
      proposal: { yaml: expect.stringContaining('acme/9/smoke') },
    });
    hear('acme/9/smoke', 'ON');
    expect(registry.devices().some(({ profile }) => profile.startsWith('ha.'))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is written as a profile of the site when a person adopts it, without a restart', async () => {
    const [{ id, offer } = { id: '' }] = await entries('?show=described');
    const answer = await post(`inbox/${id}/adopt`, {
      profile: offer?.profile,
      name: '九号烟感',
      place: 'lab',
    });
    expect(await answer.json()).toMatchObject({
      device: { profile: offer?.profile, name: '九号烟感', slot: expect.any(String) },
    });
    expect(answer.status).toBe(201);
    expect(readdirSync(folder)).toEqual([`${offer?.profile}.yaml`]);
    expect(profiles.match('mqtt', 'acme/9/smoke').map(({ profile }) => profile.id)).toContain(offer?.profile);
    // the broker hands it out again at every start of the device: no news
    hear(topic, config);
    expect(await entries('?show=described')).toEqual([]);
    const { catalogue: again, faults } = Catalogue.load({ builtin: builtinProfiles(), site: folder });
    expect(faults).toEqual([]);
    expect(again.get(offer?.profile ?? '')).toBeDefined();
  });

  it('leaves no profile behind where the request has a fault', async () => {
    const [{ id, offer } = { id: '' }] = await entries('?show=described');
    const answer = await post(`inbox/${id}/adopt`, { profile: offer?.profile, name: 'x', place: 'nowhere' });
    expect(answer.status).toBe(400);
    expect(readdirSync(folder)).toEqual([]);
    expect(profiles.get(offer?.profile ?? '')).toBeUndefined();
  });

  it('is refused, with what to do, where there is no folder for it', async () => {
    await restart(undefined);
    hear(topic, config);
    const [{ id, offer } = { id: '' }] = await entries('?show=described');
    const answer = await post(`inbox/${id}/adopt`, { profile: offer?.profile, name: 'x', place: 'lab' });
    expect(await answer.json()).toMatchObject({
      status: 409,
      code: 'not-possible',
      detail: expect.stringContaining('profiles.dir'),
    });
    await restart(join(dir, 'not-made'));
    hear(topic, config);
    const body = { profile: offer?.profile, name: 'x', place: 'lab' };
    expect((await post(`inbox/${(await onlyEntry()).id}/adopt`, body)).status).toBe(409);
    expect(registry.devices().some(({ profile }) => profile === offer?.profile)).toBe(false);
  });

  it('points to the built-in profile that reads the device already, and names what is unsupported', async () => {
    hear('homeassistant/binary_sensor/0x1/config', {
      ...config,
      state_topic: 'zigbee2mqtt/hall',
      value_template: '{{ value_json.smoke }}',
    });
    hear('homeassistant/climate/0x2/config', { ...config, state_topic: 'acme/climate' });
    const list = await entries('?show=described');
    expect(list.map(({ offer }) => offer?.kind).sort()).toEqual(['covered', 'proposal', 'unsupported']);
    const covered = list.find(({ offer }) => offer?.kind === 'covered');
    expect(covered?.offer).toMatchObject({ profile: 'zigbee2mqtt.device', deviceKey: 'hall' });
    const answer = await post(`inbox/${covered?.id}/adopt`, { profile: 'x', name: 'x', place: 'lab' });
    expect(await answer.json()).toMatchObject({ status: 409, detail: expect.stringContaining('“hall”') });
  });
});

describe('ignoring', () => {
  it('hides a device until it is revoked, counts what it sends, and is known after a restart', async () => {
    hear('zigbee2mqtt/neighbour', { smoke: true });
    const { id } = await onlyEntry();
    expect(await (await post(`inbox/${id}/dismiss`, {})).json()).toEqual({ ignored: true });
    hear('zigbee2mqtt/neighbour', { smoke: true });
    hear('zigbee2mqtt/neighbour/availability', { state: 'online' });
    expect(await entries()).toEqual([]);
    expect(await get('inbox/ignored')).toMatchObject({
      entries: [{ id, channel: 'zigbee2mqtt/neighbour', by: 'sun', count: 2 }],
    });
    await registry.close();
    registry = await Registry.open({ file: join(dir, 'site.db'), logger });
    expect(registry.ignored.list()).toMatchObject([{ id, by: 'sun', count: 0 }]);
  });

  it('can be revoked, once', async () => {
    hear('zigbee2mqtt/neighbour', { smoke: true });
    const { id } = await onlyEntry();
    await post(`inbox/${id}/dismiss`, {});
    const revoke = () =>
      fetch(`${gateway.url}/api/v1/inbox/ignored/${id}`, { method: 'DELETE', headers: { cookie } });
    expect((await revoke()).status).toBe(204);
    expect((await revoke()).status).toBe(404);
    hear('zigbee2mqtt/neighbour', { smoke: true });
    expect(await entries()).toHaveLength(1);
    expect(recorded.map(({ data }) => data?.what)).toEqual([
      'unknown device ignored',
      'unknown device shown again',
    ]);
  });
});

describe('profiles', () => {
  it('are listed, and each tells what a form needs', async () => {
    const { profiles } = await get<{ profiles: { id: string }[] }>('profiles');
    expect(profiles.map(({ id }) => id)).toEqual(expect.arrayContaining(['io.wired', 'zigbee2mqtt.device']));
    expect(await get('profiles/zigbee2mqtt.device')).toMatchObject({
      topics: expect.arrayContaining(['zigbee2mqtt/{device+}']),
      settings: { gas_alarm: { type: 'number', minimum: 1, maximum: 100, default: 25 } },
      meanings: { panic: 'EMG.PANIC' },
    });
    expect((await gateway.get$('/api/v1/profiles/none', { cookie })).status).toBe(404);
  });
});

describe('a slot was no slot of life safety where the adoption itself makes its device a panic button', () => {
  it.each([
    ['an input', 'sos-1/events/rpc', 'shelly.gen2', { inputs: { 0: { means: 'panic' } } }],
    ['a press', 'zigbee2mqtt/sos-2', 'zigbee2mqtt.device', { settings: { press: { single: 'panic' } } }],
  ])('by the meaning of %s', async (_what, topic, profile, chosen) => {
    hear(topic, {
      method: 'NotifyStatus',
      params: { ts: 1, 'input:0': { id: 0, state: false } },
      battery: 90,
    });
    const { id } = await onlyEntry();
    const request = { profile, name: '求助按钮', place: 'lab', ...chosen };
    const adopted = await post(`inbox/${id}/adopt`, request);
    expect(adopted.status).toBe(201);
    expect(await adopted.json()).toMatchObject({ slots: [{ lifeSafety: true }] });
  });

  it('and stays an ordinary one without it', async () => {
    hear('zigbee2mqtt/button', { action: '', battery: 90 });
    const { id } = await onlyEntry();
    const request = { profile: 'zigbee2mqtt.device', name: '按钮', place: 'lab' };
    const { slots } = (await (await post(`inbox/${id}/adopt`, request)).json()) as { slots: object[] };
    expect(slots).toHaveLength(1);
    expect(slots[0]).not.toHaveProperty('lifeSafety');
  });
});
