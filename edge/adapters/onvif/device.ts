/** A device that is watched: where it is and as whom the gateway comes. */
export interface OnvifDevice {
  /** Id of the device in the registry. */
  id: string;
  /** Address of its device service. Its host and port are used for every call, whatever the device says of itself. */
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  /** PEM that its TLS certificate is checked against; default: the CAs of the system. */
  ca?: string | undefined;
  /** Addresses of its streams where those that it gives are wrong; without credentials. */
  rtsp?: { main?: string | undefined; sub?: string | undefined } | undefined;
}
