/** Processor time that this process spends on `run`, milliseconds: unlike the clock it does not count the load of others. */
export function cpuTimeOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
