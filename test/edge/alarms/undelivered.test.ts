import { describe, expect, test } from 'vitest';
import { isSounding } from '../../../contract/sounding.ts';
import { guard, leader } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const edges = (play: WatchedPlay) => play.eventsOf('SYS.UNDELIVERED').map(({ edge }) => edge);
const receipted = (play: WatchedPlay, recipient = 'province') =>
  play.book.setDelivery(recipient, () => 'receipted', play.now);

describe('a severity 1 without a receipt', () => {
  test('sounds as SYS.UNDELIVERED after 10 s, and clears with the receipt', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('EMG.PANIC', 'raise');
    play.wait(9_999);
    expect(edges(play)).toEqual([]);
    play.wait(1);
    expect(edges(play)).toEqual(['raise']);
    const card = play.open('SYS.UNDELIVERED');
    expect(card).toMatchObject({ subject: 'province', condition: 'active', severity: 2 });
    expect(isSounding(card, play.now)).toBe(true);
    expect(play.eventsOf('SYS.UNDELIVERED')[0]?.data).toMatchObject({
      recipient: 'province',
      alarm: { type: 'EMG.PANIC', place: 'room-301' },
    });
    receipted(play);
    play.wait(500);
    expect(edges(play)).toEqual(['raise', 'clear']);
    expect(play.alarm(card.id).condition).toBe('returned');
  });

  test('with a receipt in time is nothing', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('FIR.SMOKE', 'raise');
    play.wait(5_000);
    receipted(play);
    play.wait(60_000);
    expect(edges(play)).toEqual([]);
  });

  test('bug: a second press was told as undelivered by the time of the first, or not at all', () => {
    const play = new WatchedPlay({ recipients: ['province', 'police'] });
    play.send('EMG.PANIC', 'pulse');
    play.wait(3_000);
    receipted(play);
    receipted(play, 'police');
    play.wait(6_500);
    play.send('EMG.PANIC', 'pulse');
    const { delivery } = play.open('EMG.PANIC');
    expect(delivery).toEqual({ province: { state: 'pending' }, police: { state: 'pending' } });
    receipted(play, 'police');
    play.wait(9_999);
    expect(edges(play)).toEqual([]);
    play.wait(1);
    expect(play.eventsOf('SYS.UNDELIVERED').map(({ data }) => data?.recipient)).toEqual(['province']);
    receipted(play);
    play.wait(500);
    expect(edges(play)).toEqual(['raise', 'clear']);
  });

  test('bug: shelved or taken, its card swallowed every later panic that did not get through', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('EMG.PANIC', 'pulse');
    play.wait(10_000);
    const { id } = play.open('SYS.UNDELIVERED');
    const shelving = { until: new Date(play.now + 3_600_000).toISOString(), reason: 'known' };
    expect(play.act(id, 'shelve', leader, shelving)).toMatchObject({ refused: 'not-possible' });
    play.done(id, 'acknowledge', guard);
    play.send('EMG.PANIC', 'pulse', { device: 'd2' });
    play.wait(10_000);
    expect(play.alarm(id)).toMatchObject({ count: 2, operator: 'new' });
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
  });

  test('who presses again and again puts nothing off', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    for (let n = 0; n < 4; n++) {
      play.send('EMG.PANIC', 'pulse');
      play.wait(2_500);
    }
    expect(edges(play)).toEqual(['raise']);
  });

  test('a refusal is no receipt', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('FIR.SMOKE', 'raise');
    play.book.setDelivery('province', () => 'failed', play.now);
    play.wait(10_000);
    expect(edges(play)).toEqual(['raise']);
  });

  test('one card a recipient: another alarm sounds again on it, and it clears with the last', () => {
    const play = new WatchedPlay({ recipients: ['province', 'police'] });
    play.send('FIR.SMOKE', 'raise');
    receipted(play, 'police');
    play.wait(10_000);
    play.send('EMG.PANIC', 'raise');
    receipted(play, 'police');
    play.wait(10_000);
    expect(play.open('SYS.UNDELIVERED')).toMatchObject({ subject: 'province', count: 2 });
    receipted(play);
    play.wait(500);
    expect(edges(play)).toEqual(['raise', 'raise', 'clear']);
  });

  test('severity 2, drills and a site without recipients have no such card', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('INT.PERIM', 'raise');
    play.send('EMG.PANIC', 'raise', { mode: 'drill' });
    play.wait(60_000);
    const alone = new WatchedPlay();
    alone.send('EMG.PANIC', 'raise');
    alone.wait(60_000);
    expect([...edges(play), ...edges(alone)]).toEqual([]);
  });

  test('of a silent type is as discreet as the alarm: a card of its own, of its place, without sound', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('EMG.DURESS', 'raise');
    play.wait(10_000);
    const card = play.open('SYS.UNDELIVERED');
    expect(card).toMatchObject({ silent: true, place: 'room-301' });
    expect(isSounding(card, play.now)).toBe(false);
    expect(play.eventsOf('SYS.UNDELIVERED')[0]?.origin.place).toBe('room-301');
    receipted(play);
    play.wait(500);
    expect(play.alarm(card.id).condition).toBe('returned');
  });

  test('a restart tells again what is still not delivered, and clears what was', () => {
    const play = new WatchedPlay({ recipients: ['province'] });
    play.send('EMG.PANIC', 'raise');
    play.wait(10_000);
    play.restart();
    play.wait(20_000);
    expect(play.open('SYS.UNDELIVERED').condition).toBe('active');
    receipted(play);
    play.wait(500);
    expect(play.open('SYS.UNDELIVERED').condition).toBe('returned');
    const delivered = new WatchedPlay({ recipients: ['province'] });
    delivered.send('EMG.PANIC', 'raise');
    delivered.wait(10_000);
    delivered.restart();
    receipted(delivered);
    delivered.wait(20_000);
    expect(delivered.open('SYS.UNDELIVERED').condition).toBe('returned');
  });
});
