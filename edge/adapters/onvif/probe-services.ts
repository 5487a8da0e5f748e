import type { Bounds } from './calls.ts';
import { envelope } from './envelope.ts';
import { OnvifFailure } from './failure.ts';
import { type Authenticate, pathOf, type SoapClient } from './soap-client.ts';
import { attribute, child, childrenOf, textAt, type XmlElement } from './xml.ts';

/** Namespaces of the services that we ask, by their names in this program. */
export const services = {
  device: 'http://www.onvif.org/ver10/device/wsdl',
  events: 'http://www.onvif.org/ver10/events/wsdl',
  media: 'http://www.onvif.org/ver10/media/wsdl',
  media2: 'http://www.onvif.org/ver20/media/wsdl',
  ptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  io: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  access: 'http://www.onvif.org/ver10/accesscontrol/wsdl',
  doors: 'http://www.onvif.org/ver10/doorcontrol/wsdl',
} as const;
export type Service = keyof typeof services;

/** Where each service of a device is, by path at its own address. */
export type ServicePaths = ReadonlyMap<Service, string>;

/** What GetCapabilities of old devices calls them. */
const categories: ReadonlyArray<readonly [Service, ...string[]]> = [
  ['device', 'Device'],
  ['events', 'Events'],
  ['media', 'Media'],
  ['ptz', 'PTZ'],
  ['io', 'Extension', 'DeviceIO'],
];

/** One call of a service; `body` is XML in the namespace of the service. Rejects with an `OnvifFailure`. */
export function ask(
  client: SoapClient,
  paths: ServicePaths,
  service: Service,
  operation: string,
  body: string,
  bounds: Bounds,
  authenticate: Authenticate = 'always',
): Promise<XmlElement> {
  const uri = services[service];
  return client.call(operation, {
    path: paths.get(service),
    action: `${uri}/${operation}`,
    envelope: envelope('', `<${operation} xmlns="${uri}">${body}</${operation}>`),
    authenticate,
    ...bounds,
  });
}

/** The services of a device. Everybody may ask (PRE_AUTH); some devices want to know who all the same. */
export async function servicesOf(client: SoapClient, base: string, bounds: Bounds): Promise<ServicePaths> {
  const none: ServicePaths = new Map();
  try {
    const body = '<IncludeCapability>false</IncludeCapability>';
    const answer = await ask(client, none, 'device', 'GetServices', body, bounds, 'if-asked');
    const names = new Map(Object.entries(services).map(([name, uri]) => [uri as string, name as Service]));
    return pathsOf(
      childrenOf(answer, 'Service').map((one) => [names.get(textAt(one, 'Namespace')), textAt(one, 'XAddr')]),
      base,
    );
  } catch (error) {
    if (!isLacking(error)) throw error;
  }
  const body = '<Category>All</Category>';
  const answer = await ask(client, none, 'device', 'GetCapabilities', body, bounds, 'if-asked');
  return pathsOf(
    categories.map(([name, ...path]) => [name, textAt(answer, 'Capabilities', ...path, 'XAddr')]),
    base,
  );
}

function pathsOf(found: ReadonlyArray<readonly [Service | undefined, string]>, base: string): ServicePaths {
  const paths = new Map<Service, string>();
  for (const [service, address] of found) {
    const path = address === '' ? undefined : pathOf(address, base);
    if (service !== undefined && path !== undefined) paths.set(service, path);
  }
  return paths;
}

/** The device has nothing of this kind, or does not know the question. */
export function isLacking(error: unknown): boolean {
  return (
    error instanceof OnvifFailure &&
    ['unsupported', 'fault', 'gone', 'http', 'declined', 'malformed'].includes(error.kind)
  );
}

/** Whether the device has pull points; undefined: it does not say. */
export async function pullPointSupport(
  client: SoapClient,
  paths: ServicePaths,
  bounds: Bounds,
): Promise<boolean | undefined> {
  if (!paths.has('events')) return false;
  const said = async (): Promise<string | undefined> => {
    const body = '<Category>Events</Category>';
    const answer = await ask(client, paths, 'device', 'GetCapabilities', body, bounds, 'if-asked');
    return textAt(answer, 'Capabilities', 'Events', 'WSPullPointSupport') || undefined;
  };
  const capabilities = async (): Promise<string | undefined> => {
    const answer = await ask(client, paths, 'events', 'GetServiceCapabilities', '', bounds, 'if-asked');
    const element = child(answer, 'Capabilities');
    return element && attribute(element, 'WSPullPointSupport');
  };
  for (const question of [said, capabilities]) {
    const answer = await question().catch((error: unknown) => {
      if (isLacking(error)) return undefined;
      throw error;
    });
    if (answer !== undefined) return /^(?:true|1)$/.test(answer);
  }
  return undefined;
}
