import type { CameraState } from './camera-state.ts';
import type { XmlElement } from './xml.ts';

/** One request as an operation sees it. */
export interface Call {
  camera: CameraState;
  /** The element in the SOAP body. */
  request: XmlElement;
  header: XmlElement | undefined;
  /** Path of the request; a subscription's own address is told by it. */
  path: string;
  /** Fires when the client has gone. */
  aborted: AbortSignal;
}

/** The body of the answer; throws a SoapFault. */
export type Operation = (call: Call) => string | Promise<string>;

/** Operations by `<namespace>/<name>`. */
export type Operations = Readonly<Record<string, Operation>>;
