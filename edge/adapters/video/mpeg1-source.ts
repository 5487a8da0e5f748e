/// <reference path="./untyped.d.ts" />
// only this file of the package: its index would load a WebSocket server that anybody may read
import Mpeg1Muxer from 'node-rtsp-stream/mpeg1muxer.js';
import { endChild, isMissing, Tail } from './child.ts';
import { problems, type VideoProblem } from './problems.ts';
import type { SourceEvents, SourceOptions, VideoSource } from './source.ts';
import { TsCutter } from './ts-cutter.ts';

/** What MPEG-1 in JavaScript can do on an old computer, and ffmpeg on a small gateway. */
const flags = {
  '-nostdin': '',
  '-nostats': '',
  '-loglevel': 'warning',
  '-an': '',
  '-map': '0:v:0',
  // the rates that MPEG-1 knows begin at 24 (ISO/IEC 11172-2); B pictures are not played
  '-r': 25,
  '-bf': 0,
  '-g': 25,
  '-vf': "scale='min(960,iw)':-2",
  '-b:v': '1500k',
  '-maxrate': '2500k',
  '-bufsize': '1000k',
  '-muxdelay': '0.001',
  '-flush_packets': 1,
} as const;

/** Makes MPEG-1 of what browsers do not play; costs ten times the processor of a copy. */
export function openMpeg1({ ffmpeg, url, graceMs }: SourceOptions, events: SourceEvents): VideoSource {
  // the relay takes media over its connection only; `tcp` saves ffmpeg the question
  const muxer = new Mpeg1Muxer({ url: `${url}?tcp`, ffmpegPath: ffmpeg, ffmpegOptions: flags });
  const child = muxer.stream;
  const tail = new Tail();
  let started = false;
  let over = false;
  const end = (problem?: VideoProblem): void => {
    if (over) return;
    over = true;
    events.ended({ ...(problem === undefined ? {} : { problem }), log: tail.text });
  };
  const cutter = new TsCutter((segment) => {
    if (over) return;
    if (!started) events.started({ player: 'jsmpeg', codec: 'mpeg1', init: Buffer.alloc(0) });
    started = true;
    events.segment(segment);
  });
  muxer.on('mpeg1data', (chunk) => cutter.push(chunk));
  muxer.on('ffmpegStderr', (chunk) => tail.add(chunk));
  child.on('error', (error) => end(isMissing(error) ? problems.noFfmpeg(ffmpeg) : undefined));
  child.on('close', () => end());
  return {
    stop: () => {
      over = true;
      return endChild(child, graceMs);
    },
  };
}
