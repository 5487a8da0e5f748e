/** Reason codes of MQTT 5 (section 2.4) in words that tell an installer what to do. */
const words = new Map<number, string>([
  [0x01, 'it does not speak MQTT 5: use a broker that does'],
  [0x04, 'disconnected with the will'],
  [0x10, 'nobody is subscribed to it'],
  [0x80, 'unspecified error; see the log of the broker'],
  [0x81, 'it took a packet of ours for malformed'],
  [0x82, 'it saw a protocol error of ours'],
  [0x83, 'its implementation does not take this; see the log of the broker'],
  [0x84, 'it does not speak MQTT 5: use a broker that does'],
  [0x85, 'it does not take our client id: set client_id'],
  [0x86, 'wrong user or password'],
  [0x87, 'not authorised: check user, client certificate and access rights (ACL)'],
  [0x88, 'it is not available just now'],
  [0x89, 'it is busy'],
  [0x8a, 'we are banned there'],
  [0x8b, 'it is shutting down'],
  [0x8c, 'it wants another authentication method'],
  [0x8d, 'it heard nothing of us within the keepalive'],
  [0x8e, 'another client took over our client id: give every gateway its own client_id'],
  [0x8f, 'invalid topic filter'],
  [0x90, 'invalid topic name'],
  [0x91, 'a packet identifier is in use'],
  [0x93, 'more unacknowledged messages than it allows'],
  [0x94, 'invalid topic alias'],
  [0x95, 'the packet is too large for it'],
  [0x96, 'it finds our message rate too high'],
  [0x97, 'a quota is exceeded; see the limits of the broker'],
  [0x98, 'closed by its administrator'],
  [0x99, 'invalid payload format'],
  [0x9a, 'it keeps no retained messages'],
  [0x9b, 'it does not support this QoS'],
  [0x9c, 'it asks us to use another server'],
  [0x9d, 'it has moved'],
  [0x9e, 'it has no shared subscriptions'],
  [0x9f, 'it limits the rate of connections'],
  [0xa0, 'longest connection time reached'],
  [0xa1, 'it has no subscription identifiers'],
  [0xa2, 'it has no wildcard subscriptions: name the topics in "subscribe" one by one'],
]);

/** `0x87: not authorised...`; `reason` is what the broker itself says about it. */
export function inWords(code: number, reason?: string): string {
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  const known = words.get(code) ?? 'unknown reason';
  return reason === undefined || reason === '' ? `${hex}: ${known}` : `${hex}: ${known} ("${reason}")`;
}
