// The load generator as a process of its own, so that it does not share the event loop of what it measures.
//   node load-worker.js '{"port":1883,"connections":1000,"inFlight":1,...}'   prints one JSON line
import { type LoadOptions, runLoad, toggle } from './load-generator.ts';

const { devices, ...options } = JSON.parse(process.argv[2] ?? '{}') as Omit<LoadOptions, 'shot'> & {
  /** More than connections: each speaks for several in turn. */
  devices: number;
};
const each = Math.max(1, Math.floor(devices / options.connections));

const result = await runLoad({
  ...options,
  shot: (connection, n) => {
    const device = connection + options.connections * (n % each);
    // one device in fifty is a panic button, so that alarms are part of the load
    return toggle(device, Math.floor(n / each), device % 50 === 7 ? '1' : '5');
  },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
