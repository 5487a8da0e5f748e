import { beforeEach, describe, expect, test } from 'vitest';
import type { LiveFrame } from '../../contract/live.ts';
import { LIVE_WATCHDOG_MS, liveClose } from '../../contract/live-timing.ts';
import { LiveFeed, RECONNECT_MS, type Socket } from '../../edge/console/live.ts';

interface FakeSocket extends Socket {
  since: number | undefined;
  sent: string[];
  closed: boolean;
}

let now = 0;
let random = 0.5;
let sockets: FakeSocket[];
let seen: string[];
let position: number | undefined;
let sessionEnded: boolean;
let feed: LiveFeed;

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;
const send = (frame: object): void => socket().onmessage?.({ data: JSON.stringify(frame) });
const hello = (): void => send({ k: 'hello', epoch: 'e', position: 1 });
/** Time passes, with a tick twice a second as in the browser. */
const pass = (ms: number): void => {
  for (const end = now + ms; now < end; ) {
    now = Math.min(end, now + 500);
    feed.tick();
  }
};

beforeEach(() => {
  now = 1_000_000;
  random = 0.5;
  sockets = [];
  seen = [];
  position = undefined;
  sessionEnded = false;
  feed = new LiveFeed({
    open: (resume) => {
      const opened: FakeSocket = {
        onmessage: null,
        onclose: null,
        since: resume?.since,
        sent: [],
        closed: false,
        send: (text) => opened.sent.push(text),
        close: () => {
          opened.closed = true;
        },
      };
      sockets.push(opened);
      return opened;
    },
    resume: () => (position === undefined ? undefined : { since: position, epoch: 'e' }),
    onFrame: (frame: LiveFrame) => seen.push(frame.k),
    onVideo: (message) => seen.push(message instanceof ArrayBuffer ? 'video' : message.k),
    onLink: (link) => seen.push(link),
    onBadSince: () => seen.push('bad-since'),
    onSessionEnded: () => seen.push('ended'),
    isSessionEnded: async () => sessionEnded,
    monotonic: () => now,
    random: () => random,
  });
  feed.start();
});

test('hello makes the link, heartbeats keep it', () => {
  hello();
  for (let n = 0; n < 10; n += 1) {
    pass(5_000);
    send({ k: 'hb', position: 1 });
  }
  expect(feed.link).toBe('up');
  expect(sockets).toHaveLength(1);
});

test('the gateway is told whether this screen can be heard: after each hello, and when it changes', () => {
  feed.tellSound(true);
  expect(socket().sent).toEqual([]);
  hello();
  feed.tellSound(true);
  feed.tellSound(false);
  expect(socket().sent).toEqual(['{"k":"sound","armed":true}', '{"k":"sound","armed":false}']);
  socket().onclose?.({ code: 1006 });
  feed.tellSound(true);
  pass(RECONNECT_MS.maxMs);
  hello();
  expect(socket().sent).toEqual(['{"k":"sound","armed":true}']);
});

describe('the watchdog', () => {
  test('12 s of silence on an open connection is a loss: a new connection is tried', () => {
    hello();
    pass(LIVE_WATCHDOG_MS - 500);
    expect(feed.link).toBe('up');
    pass(500);
    expect(feed.link).toBe('lost');
    expect(socket().closed).toBe(true);
    pass(RECONNECT_MS.maxMs);
    expect(sockets).toHaveLength(2);
    hello();
    expect(feed.link).toBe('up');
  });

  test('12 s without any connection is a loss too, also at the start', () => {
    for (let n = 0; n < 30; n += 1) {
      socket().onclose?.({ code: 1006 });
      pass(500);
    }
    expect(feed.link).toBe('lost');
  });

  test('a short break is no loss', () => {
    hello();
    socket().onclose?.({ code: 1006 });
    expect(feed.link).toBe('down');
    pass(5_000);
    hello();
    expect(seen).toEqual(['hello', 'up', 'down', 'hello', 'up']);
  });

  test('a connection without a hello is given up', () => {
    pass(8_500);
    expect(sockets[0]?.closed).toBe(true);
    pass(RECONNECT_MS.maxMs);
    expect(sockets.length).toBeGreaterThan(1);
  });
});

describe('connecting again', () => {
  test('pauses are random, at least 0.5 s, and grow to 5 s at most', () => {
    const pauses: number[] = [];
    for (const luck of [0, 0.999]) {
      random = luck;
      for (let n = 0; n < 6; n += 1) {
        const count = sockets.length;
        const began = now;
        socket().onclose?.({ code: 1006 });
        while (sockets.length === count) pass(100);
        pauses.push(now - began);
      }
    }
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(RECONNECT_MS.firstMs);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(RECONNECT_MS.maxMs + 100);
    expect(pauses.at(-1)).toBeGreaterThan(4_000);
  });

  test('it goes on from the last position', () => {
    hello();
    position = 42;
    socket().onclose?.({ code: liveClose.tooSlow });
    pass(RECONNECT_MS.maxMs);
    expect(socket().since).toBe(42);
  });

  test('a refused position is forgotten', () => {
    socket().onclose?.({ code: liveClose.badSince });
    expect(seen).toContain('bad-since');
    pass(RECONNECT_MS.maxMs);
    expect(sockets).toHaveLength(2);
  });

  test('what is not JSON ends the connection and begins anew', () => {
    hello();
    socket().onmessage?.({ data: '<html>' });
    expect(sockets[0]?.closed).toBe(true);
    expect(seen).toContain('bad-since');
    pass(RECONNECT_MS.maxMs);
    expect(sockets).toHaveLength(2);
  });

  test('a late word of the old connection does not count', () => {
    hello();
    const old = socket();
    const word = old.onmessage;
    old.onclose?.({ code: 1006 });
    word?.({ data: JSON.stringify({ k: 'hb', position: 1 }) });
    expect(feed.link).toBe('down');
  });
});

describe('the end of the session', () => {
  test('closed with 4001: no more connections', () => {
    hello();
    socket().onclose?.({ code: liveClose.sessionEnded });
    pass(60_000);
    expect(seen.at(-1)).toBe('ended');
    expect(sockets).toHaveLength(1);
  });

  test('a refused connection: the gateway is asked why', async () => {
    sessionEnded = true;
    socket().onclose?.({ code: 1006 });
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toContain('ended');
    pass(60_000);
    expect(sockets).toHaveLength(1);
  });

  test('after stop nothing happens', () => {
    feed.stop();
    pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(seen).toEqual([]);
  });
});
