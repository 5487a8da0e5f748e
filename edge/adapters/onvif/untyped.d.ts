// What we use of the package `onvif` beyond its own types.

declare module 'onvif/lib/utils.js' {
  /** Calls back with the body of an envelope as the package's calls expect it; may call back twice when it throws. */
  export function parseSOAPString(
    xml: string,
    callback: (error: Error | null, body?: unknown, xml?: string, status?: number) => void,
    status: number,
  ): void;
}
