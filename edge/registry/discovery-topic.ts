/** The first level of Home Assistant's discovery topics, unless the site changed it. */
const PREFIX = 'homeassistant/';
const NAME = 'discovery\0';

/** The name of the group of a discovery message; undefined for any other topic. */
export function discoveryName(channel: string): string | undefined {
  return channel.startsWith(PREFIX) && channel.endsWith('/config') ? `${NAME}${channel}` : undefined;
}

export function isDiscovery({ names }: { names: readonly string[] }): boolean {
  return names[0]?.startsWith(NAME) === true;
}
