import { expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Cursor } from '../../../contract/outbox.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { changed, gatewayAuthor } from '../../../edge/alarms/change.ts';
import { DeliveryMarks } from '../../../edge/pipeline/delivery-marks.ts';
import { alarmOf } from '../journal/support/rows.ts';

const at = Date.parse('2026-05-20T10:11:12.345Z');

/** A book with one smoke alarm of each sequence number, and what the province has receipted. */
function bench(
  seqs: readonly number[],
  ack: number,
  options: { epoch?: string; refused?: string; repeatedSeq?: number; takes?: boolean } = {},
) {
  const { epoch = 'one', refused = '', repeatedSeq, takes = true } = options;
  const more = repeatedSeq === undefined ? {} : { repeatedSeq };
  const book = new AlarmBook({ clock: () => at, newId: () => 'id', recipients: ['province'] });
  const alarms = seqs.map((seq) =>
    alarmOf({ id: `alarm-${seq}`, subject: `slot-${seq}`, raisedSeq: seq, ...more }),
  );
  book.restore(alarms);
  let cursor: Cursor = { ack, have: [] };
  const outbox = { epoch, cursor: () => cursor };
  const marks = new DeliveryMarks(
    book,
    outbox,
    [{ recipient: 'province', takes: () => takes }],
    () => at,
    refused,
  );
  const receipt = (next: Cursor): Alarm[] => {
    cursor = next;
    return marks.after([{ recipient: 'province', lane: 'a', cursor }], []);
  };
  const mark = (seq: number) => book.get(`alarm-${seq}`)?.delivery?.province?.state;
  return { book, marks, receipt, mark };
}

test('bug: a rejection did not override "receipted", so that an alarm the province refused was shown as delivered', () => {
  const { marks, receipt, mark } = bench([77, 79], 70);
  receipt({ ack: 85, have: [] });
  expect([mark(77), mark(79)]).toEqual(['receipted', 'receipted']);
  expect(marks.rejected('province', 'a', 77).map(({ id }) => id)).toEqual(['alarm-77']);
  expect([mark(77), mark(79)]).toEqual(['failed', 'receipted']);
  // a later receipt covers it as had
  receipt({ ack: 90, have: [] });
  expect(mark(77)).toBe('failed');
  expect(marks.rejected('province', 'e', 79)).toEqual([]);
  expect(mark(79)).toBe('receipted');
});

test('bug: after a new epoch, alarms kept the "receipted" that was said of the rows before them', () => {
  const { marks, receipt, mark } = bench([77, 79], 70);
  receipt({ ack: 85, have: [] });
  marks.rejected('province', 'a', 79);
  receipt({ ack: 0, have: [] });
  expect(marks.renewed().map(({ delivery }) => delivery?.province?.state)).toEqual(['pending', 'pending']);
  expect([mark(77), mark(79)]).toEqual(['pending', 'pending']);
  receipt({ ack: 77, have: [] });
  expect([mark(77), mark(79)]).toEqual(['receipted', 'pending']);
  receipt({ ack: 79, have: [] });
  expect(mark(79)).toBe('receipted');
});

test('bug: a second press kept the "delivered" of the first', () => {
  const { book, marks, receipt, mark } = bench([77], 70);
  receipt({ ack: 77, have: [] });
  expect(mark(77)).toBe('receipted');
  const first = book.get('alarm-77') as Alarm;
  const again = { ...first, version: first.version + 1, count: 2, repeatedSeq: 80 };
  book.fold(changed(first, again, 'repeat', gatewayAuthor).transition);
  expect(mark(77)).toBe('pending');
  expect(marks.after([], [again])).toEqual([]);
  receipt({ ack: 79, have: [] });
  expect(mark(77)).toBe('pending');
  receipt({ ack: 80, have: [] });
  expect(mark(77)).toBe('receipted');
  // and over a restart
  expect(bench([77], 79, { repeatedSeq: 80 }).mark(77)).toBe('pending');
});

test('bug: an alarm that was raised and changed in one commit waited for a recipient who gets nothing of it', () => {
  const { book, marks } = bench([], 0, { takes: false });
  const opened = alarmOf({ id: 'new', version: 2, raisedSeq: 90 });
  book.restore([opened]);
  expect(book.get('new')?.delivery?.province?.state).toBe('pending');
  marks.after([], [opened]);
  expect(book.get('new')?.delivery?.province).toBeUndefined();
});

test('bug: after a restart an alarm that the province had refused was shown as receipted', () => {
  const first = bench([77, 79], 85);
  first.marks.rejected('province', 'a', 77);
  const { refused } = first.marks;
  const second = bench([77, 79], 85, { refused });
  expect([second.mark(77), second.mark(79)]).toEqual(['failed', 'receipted']);
  // a new epoch offers the row again
  expect(bench([77], 85, { refused, epoch: 'two' }).mark(77)).toBe('receipted');
  expect(bench([77], 85, { refused: '{' }).mark(77)).toBe('receipted');
});
