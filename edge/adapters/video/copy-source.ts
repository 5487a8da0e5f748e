/// <reference path="./untyped.d.ts" />
import { spawn } from 'node:child_process';
import Mp4Frag from 'mp4frag';
import { endChild, isMissing, Tail } from './child.ts';
import { problems } from './problems.ts';
import type { SourceEvents, SourceOptions, VideoSource } from './source.ts';

/** ffmpeg's own limit on a silent connection, microseconds: behind the relay's, which knows more. */
const TIMEOUT_US = 15_000_000;
/** Length of a fragment, microseconds: what a viewer is behind. A keyframe always begins a new one. */
const FRAGMENT_US = 200_000;

/** Copies H.264 into fragmented MP4; nothing is decoded or encoded. */
export function openCopy({ ffmpeg, url, graceMs }: SourceOptions, events: SourceEvents): VideoSource {
  const child = spawn(ffmpeg, copyArguments(url), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // of the gateway's own environment it needs nothing, and secrets may be in it
    env: { PATH: process.env.PATH },
  });
  const tail = new Tail();
  const fragments = new Mp4Frag();
  let over = false;
  const end = (problem?: ReturnType<typeof problems.ffmpeg>): void => {
    if (over) return;
    over = true;
    events.ended({ ...(problem === undefined ? {} : { problem }), log: tail.text });
  };
  fragments.on('initialized', ({ mime, initialization }) => {
    if (over) return;
    const codec = fragments.videoCodec ?? '';
    events.started({ player: 'mse', codec, mime, init: initialization });
  });
  fragments.on('segment', ({ segment, keyframe }) => {
    if (!over) events.segment({ data: segment, keyframe });
  });
  fragments.on('error', () => void endChild(child, graceMs));
  child.stdout.pipe(fragments);
  child.stderr.on('data', (chunk: Buffer) => tail.add(chunk));
  child.on('error', (error) => end(isMissing(error) ? problems.noFfmpeg(ffmpeg) : undefined));
  child.on('close', () => end());
  return {
    stop: () => {
      over = true;
      return endChild(child, graceMs);
    },
  };
}

function copyArguments(url: string): string[] {
  const input = ['-rtsp_transport', 'tcp', '-allowed_media_types', 'video', '-timeout', String(TIMEOUT_US)];
  // begins as soon as the coding is known, without counting pictures; keeps what it has read meanwhile
  const quick = ['-fpsprobesize', '0', '-analyzeduration', '5000000'];
  const fragments = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof'];
  return [
    ...['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'warning'],
    ...[...input, ...quick, '-i', url],
    ...['-map', '0:v:0', '-an', '-c:v', 'copy', '-f', 'mp4', ...fragments],
    ...['-frag_duration', String(FRAGMENT_US), '-flush_packets', '1', 'pipe:1'],
  ];
}
