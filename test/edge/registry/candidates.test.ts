import { describe, expect, it } from 'vitest';
import { Catalogue } from '../../../device-profiles/catalogue.ts';
import { loadProfile } from '../../../device-profiles/load-profile.ts';
import { whyOf } from '../../../edge/registry/candidate-text.ts';
import { rankCandidates } from '../../../edge/registry/candidates.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { preview } from '../../../edge/registry/preview.ts';
import { readAddresses } from '../../../edge/registry/strangers.ts';

function profile(id: string, topic: string, map: string, more = '') {
  const text = `id: ${id}\nversion: 1\nmatch: [{ topic: "${topic}" }]\n${map}\n${more}\nsamples:\n  - { topic: "${topic.replaceAll(/[{}+]/g, '')}", payload: "x", expect: { status: undecodable } }\n`;
  const loaded = loadProfile(text, `${id}.yaml`, 'site');
  if (loaded.profile === undefined) throw new Error(JSON.stringify(loaded.faults));
  return loaded.profile;
}

const smoke = `map:
  - { when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }
  - { when: { path: smoke, in: [false] }, emit: { type: FIR.SMOKE, edge: clear } }`;
const door = `map:
  - { when: { path: open, in: [true] }, emit: { type: ACC.DOOR, edge: raise } }
  - { when: { path: open, in: [false] }, emit: { type: ACC.DOOR, edge: clear } }`;

const catalogue = Catalogue.of([
  profile('acme.smoke', 'acme/{device}/state', smoke, 'known: [battery]'),
  profile('acme.door', 'acme/{device}/state', door),
  profile('other.smoke', 'acme/{device}/{kind}', smoke),
  profile('plain.json', '{device+}', smoke, 'mask: [badge]'),
  profile('far.away', 'far/{device}', smoke),
]);
const clock = { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 };

function groupOf(...messages: [channel: string, payload: string][]) {
  const inbox = new UnknownDeviceInbox({ addresses: readAddresses(catalogue) });
  for (const [i, [channel, payload]] of messages.entries()) {
    inbox.addUnknown({
      source: 'mqtt',
      adapter: 'mqtt',
      channel,
      clientId: 'one',
      payload: Buffer.from(payload),
      receivedAt: 1_000 * (i + 1),
      receivedMonotonicMs: 0,
    });
  }
  const [group] = inbox.list();
  if (group === undefined) throw new Error('nothing was kept');
  return group;
}

function rank(group: ReturnType<typeof groupOf>, now: () => number = () => 0) {
  return rankCandidates(group, { profiles: catalogue, clock, now });
}

describe('the best-scoring profiles of a group', () => {
  const group = groupOf(
    ['acme/7/state', '{"smoke":false,"battery":90}'],
    ['acme/7/state', '{"smoke":true,"battery":90}'],
    ['acme/7/state', '{"smoke":true,"battery":90}'],
  );

  it('are three, the special one first and the generic one below each that understands', () => {
    const { candidates, partial } = rank(group);
    expect(candidates.map((candidate) => candidate.profile)).toEqual([
      'acme.smoke',
      'other.smoke',
      'plain.json',
    ]);
    expect(candidates.map(({ generic }) => generic)).toEqual([false, false, true]);
    expect(candidates[0]?.score).toBeGreaterThan(0.8);
    expect(candidates[2]?.score).toBeLessThan(0.4);
    expect(partial).toBe(false);
  });

  it('say what they would read, as a sequence with state', () => {
    const [best] = rank(group).candidates;
    expect(best).toMatchObject({ deviceKey: '7', tried: 3, understood: 3, unknown: 0 });
    expect(best?.reads).toMatchObject([
      { type: 'FIR.SMOKE', edge: 'raise' },
      { type: 'FIR.SMOKE', edge: 'clear' },
    ]);
    expect(whyOf(best!)).toEqual({ zh: '3 条报文全部读懂。', en: 'Understands all of the 3 messages.' });
  });

  it('a profile whose topic fits but that understands nothing is last, with its reason', () => {
    const { candidates } = rank(groupOf(['acme/7/state', '{"open":true}']));
    expect(candidates[0]?.profile).toBe('acme.door');
    expect(candidates[1]).toMatchObject({
      understood: 0,
      reads: [],
      detail: expect.stringContaining('"open"'),
    });
    expect(candidates[1]?.score).toBeLessThan(0.1);
  });

  it('a generic profile stands below one that knows topic and key, even if that needs a setting first', () => {
    const metered = profile(
      'acme.gas',
      'acme/{device}/gas',
      'map:\n  - { when: { path: gas, above: 20 }, if: { setting: unit, in: [LEL] }, emit: { type: GAS.COMBUSTIBLE, edge: raise } }\n  - { when: { path: gas, in: [true] }, emit: { type: GAS.COMBUSTIBLE, edge: raise } }',
      'settings: { unit: { type: string, default: none } }',
    );
    const any = profile(
      'plain.json',
      '{device+}',
      'map:\n  - { when: { path: gas, above: 0 }, ignore: true }',
    );
    const profiles = Catalogue.of([metered, any]);
    const group = groupOf(['acme/1/gas', '{"gas":30}']);
    const { candidates } = rankCandidates(group, { profiles, clock, now: () => 0 });
    expect(candidates.map((candidate) => candidate.profile)).toEqual(['acme.gas', 'plain.json']);
  });

  it('unknown values cost points', () => {
    const known = rank(groupOf(['acme/7/state', '{"smoke":true}'])).candidates[0];
    const strange = rank(groupOf(['acme/7/state', '{"smoke":"maybe"}'])).candidates[0];
    expect(known?.score).toBeGreaterThan(0.7);
    expect(strange).toMatchObject({ understood: 0, unknown: 1 });
    expect(strange?.score).toBeLessThan(0.1);
  });

  it('a profile that reads all topics of a device beats one that reads some', () => {
    const { candidates } = rank(
      groupOf(
        ['acme/7/state', '{"smoke":true}'],
        ['acme/7/second', '{"smoke":false}'],
        ['acme/7/third', '{"smoke":false}'],
      ),
    );
    expect(candidates[0]?.profile).toBe('other.smoke');
  });

  it('nothing is tried on a payload that was cut', () => {
    const huge = JSON.stringify({ smoke: true, filler: 'x'.repeat(20_000) });
    const [best] = rank(groupOf(['acme/7/state', huge])).candidates;
    expect(best).toMatchObject({ tried: 0, score: 0 });
  });

  it('are sought for a bounded time, and it is said when not all were tried', () => {
    let at = 0;
    const slow = rank(group, () => (at += 40));
    expect(slow.partial).toBe(true);
    expect(slow.candidates).toHaveLength(1);
  });

  it('are none where no topic fits but the generic one', () => {
    const { candidates } = rank(groupOf(['nowhere/9', '{"smoke":true}']));
    expect(candidates.map((candidate) => candidate.profile)).toEqual(['plain.json']);
    expect(candidates[0]).toMatchObject({ deviceKey: 'nowhere/9', generic: true });
  });
});

describe('the preview of a payload', () => {
  it('hides what any profile of its topic masks, and what looks like a card, a PIN or a name', () => {
    const group = groupOf([
      'acme/7/state',
      '{"smoke":true,"badge":"6222021234567890","pin":"4711","user_name":"李小明","x":1}',
    ]);
    const shown = preview(group, group.samples[0]!, catalogue).toString();
    expect(JSON.parse(shown)).toEqual({ smoke: true, badge: '***', pin: '***', user_name: '***', x: 1 });
  });

  it('hides it also in a payload that is cut, and ends with a whole character', () => {
    const group = groupOf(['acme/7/state', `{"pin":"4711","text":"${'烟'.repeat(10_000)}`]);
    const shown = preview(group, group.samples[0]!, catalogue).toString();
    expect(shown).not.toContain('4711');
    expect(shown).not.toContain('\ufffd');
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(4_096);
  });

  it('hides a plain text that a profile masks', () => {
    const reader = loadProfile(
      'id: card.text\nversion: 1\nmatch: [{ topic: "card/{device}", text: number }]\nmask: [number]\nmap:\n  - { when: { path: other, in: [1] }, ignore: true }\nsamples:\n  - { topic: card/1, payload: x, expect: { status: ignored } }\n',
      'card.yaml',
      'site',
    ).profile;
    const group = groupOf(['card/1', '6222021234567890']);
    expect(preview(group, group.samples[0]!, Catalogue.of([reader!])).toString()).toBe('***');
  });
});
