import { describe, expect, test } from 'vitest';
import { reasonOf } from '../../../../edge/adapters/video/ffmpeg-reason.ts';
import { GopBuffer } from '../../../../edge/adapters/video/gop-buffer.ts';
import { videoCodec } from '../../../../edge/adapters/video/sdp.ts';
import type { Segment } from '../../../../edge/adapters/video/source.ts';
import { TsCutter } from '../../../../edge/adapters/video/ts-cutter.ts';

describe('the coding of a stream, from its description', () => {
  const sdp = (...lines: string[]) => ['v=0', 's=x', ...lines].join('\r\n');
  test.each([
    ['H264', sdp('m=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000')],
    [
      'H265',
      sdp('m=video 0 RTP/AVP 98', 'a=rtpmap:98 H265/90000', 'm=audio 0 RTP/AVP 96', 'a=rtpmap:96 L16/8000'),
    ],
    ['JPEG', sdp('m=video 0 RTP/AVP 26', 'c=IN IP4 0.0.0.0')],
    [undefined, sdp('m=audio 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000')],
    [undefined, ''],
  ])('%s', (codec, text) => expect(videoCodec(text)).toBe(codec));
});

describe('what ffmpeg says last', () => {
  test.each([
    [
      'codec',
      '[mp4 @ 0x5] Could not find tag for codec pcm_mulaw in stream #0, codec not currently supported',
    ],
    ['codec', 'Could not find codec parameters for stream 0 (Video: hevc, none): unspecified size'],
    ['codec', "Stream map '0:v:0' matches no streams."],
    ['ffmpeg', 'av_interleaved_write_frame(): Broken pipe'],
    ['ffmpeg', ''],
  ])('%s: %s', (code, log) => expect(reasonOf(log).code).toBe(code));
});

const packet = (pid: number, { start = false, key = false } = {}): Buffer => {
  const bytes = Buffer.alloc(188, 0xff);
  bytes[0] = 0x47;
  bytes.writeUInt16BE((start ? 0x4000 : 0) | pid, 1);
  bytes[3] = key ? 0x30 : 0x10;
  if (key) bytes.set([7, 0x40], 4);
  return bytes;
};

test('a transport stream is cut before each picture, wherever the chunks end', () => {
  const tables = [packet(17), packet(0, { start: true })];
  const pictures = [
    [packet(256, { start: true, key: true }), packet(256), packet(4096)],
    [packet(256, { start: true }), packet(256)],
    [packet(256, { start: true, key: true })],
  ];
  const bytes = Buffer.concat([...tables, ...pictures.flat(), packet(256, { start: true })]);
  for (const size of [1, 100, 188, 500, bytes.length]) {
    const segments: Segment[] = [];
    const cutter = new TsCutter((segment) => segments.push(segment));
    for (let at = 0; at < bytes.length; at += size) cutter.push(bytes.subarray(at, at + size));
    expect(segments.map(({ keyframe }) => keyframe)).toEqual([false, true, false, true]);
    expect(segments.map(({ data }) => data.length / 188)).toEqual([2, 3, 2, 1]);
  }
});

test('a group of pictures that grows beyond its bound is let go until the next keyframe', () => {
  const gop = new GopBuffer();
  const segment = (keyframe: boolean, bytes = 1_000_000): Segment => ({
    data: Buffer.alloc(bytes),
    keyframe,
  });
  gop.add(segment(false));
  expect(gop.segments).toHaveLength(0);
  gop.add(segment(true));
  for (let n = 0; n < 7; n += 1) gop.add(segment(false));
  expect(gop.segments).toHaveLength(8);
  gop.add(segment(false));
  gop.add(segment(false));
  expect(gop.segments).toHaveLength(0);
  gop.add(segment(true));
  expect(gop.segments).toHaveLength(1);
});
