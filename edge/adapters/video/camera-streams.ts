/** Where a camera's picture is to be had. */
export interface CameraStream {
  /** `rtsp://host:port/path`; no credentials in it. */
  url: string;
  user?: string;
  password?: string;
}

/** `sub`: the small picture, enough for a tile; `main`: the full one. */
export type StreamChoice = 'main' | 'sub';

/** Finds the streams of cameras; the ONVIF adapter does. */
export interface CameraStreams {
  /** Rejects with an error whose message says what, where and what to do. */
  streamOf(device: string, which: StreamChoice): Promise<CameraStream>;
}
