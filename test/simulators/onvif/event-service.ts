import { notificationXml } from './notifications.ts';
import type { Call, Operations } from './operations.ts';
import type { PullPoint } from './pull-point.ts';
import { NS, notSupported, SoapFault } from './soap.ts';
import { parseDuration } from './times.ts';
import { filterOf, topicFilter } from './topic-filter.ts';
import { topicSet } from './topic-set.ts';
import { find, textAt } from './xml.ts';

/** Path before a subscription's id. */
export const SUBSCRIPTION_PATH = '/onvif/subscription/';
/** One address for all, the subscription is told by a ReferenceParameter that requests must echo (Axis). */
const SHARED_PATH = '/onvif/services/subscription';
const AXIS_EVENT = 'http://www.axis.com/2009/event';

/** Events with pull points (ONVIF core clause 9, WS-BaseNotification 1.3). */
export const eventOperations: Operations = {
  [`${NS.tev}/GetServiceCapabilities`]: ({ camera: { options } }) =>
    `<tev:GetServiceCapabilitiesResponse><tev:Capabilities WSSubscriptionPolicySupport="false" WSPausableSubscriptionManagerInterfaceSupport="false" MaxNotificationProducers="1" MaxPullPoints="${options.pullPoints ? options.subscriptionLimit : 0}" PersistentNotificationStorage="false"/></tev:GetServiceCapabilitiesResponse>`,

  [`${NS.tev}/GetEventProperties`]: ({ camera }) =>
    `<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>${topicSet(camera.states.topics())}<wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet</wsnt:TopicExpressionDialect><tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter</tev:MessageContentFilterDialect></tev:GetEventPropertiesResponse>`,

  [`${NS.tev}/CreatePullPointSubscription`]: (call) => {
    const { camera, request } = call;
    if (!camera.options.pullPoints) throw notSupported('CreatePullPointSubscription');
    const limited = camera.faults.use('subscription-limit', 'CreatePullPointSubscription') !== undefined;
    if (limited || camera.subscriptions >= camera.options.subscriptionLimit) {
      throw new SoapFault(
        'Receiver',
        ['wsnt:SubscribeCreationFailedFault'],
        'The maximum number of pull points is reached',
      );
    }
    const filter = topicFilter(filterOf(request), camera.namespaces);
    const wanted = find(request, 'InitialTerminationTime');
    const lifeMs =
      wanted === undefined ? camera.options.defaultTerminationMs : lifeOf(call, wanted.text.trim());
    const point = camera.createPullPoint(lifeMs, filter);
    const answer = `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>${reference(call, point)}</tev:SubscriptionReference>${times(call, lifeMs)}</tev:CreatePullPointSubscriptionResponse>`;
    if (camera.faults.use('expire-at-once', 'CreatePullPointSubscription') !== undefined) {
      camera.counters.expired += 1;
      camera.endPullPoint(point);
    }
    return answer;
  },

  [`${NS.tev}/PullMessages`]: async (call) => {
    const { camera, request, aborted } = call;
    camera.counters.pulls += 1;
    const point = subscriptionOf(call);
    const timeoutMs = parseDuration(textAt(request, 'Timeout'));
    const limit = Number(textAt(request, 'MessageLimit'));
    if (timeoutMs === undefined || !(limit >= 1)) {
      throw new SoapFault('Sender', ['ter:InvalidArgVal'], 'Timeout or MessageLimit is no valid value');
    }
    if (camera.options.pullKeepsAlive) point.keep(point.lifeMs);
    const busy = camera.faults.use('busy', 'PullMessages') !== undefined;
    const waitMs = Math.min(timeoutMs, camera.options.maxPullMs);
    const messages = busy ? [] : await point.pull(waitMs, limit, aborted);
    if (messages === undefined) throw unknownSubscription();
    camera.counters.delivered += messages.length;
    const written = messages.map((message) => notificationXml(message, camera.time()));
    return `<tev:PullMessagesResponse>${times(call, point.leftMs(), 'tev')}${written.join('')}</tev:PullMessagesResponse>`;
  },

  [`${NS.tev}/SetSynchronizationPoint`]: (call) => {
    const { camera } = call;
    camera.counters.synchronizations += 1;
    camera.offer(subscriptionOf(call), camera.states.initialized());
    return '<tev:SetSynchronizationPointResponse/>';
  },

  [`${NS.wsnt}/Renew`]: (call) => {
    call.camera.counters.renews += 1;
    const point = subscriptionOf(call);
    const lifeMs = lifeOf(call, textAt(call.request, 'TerminationTime'));
    point.keep(lifeMs);
    return `<wsnt:RenewResponse>${times(call, lifeMs, 'wsnt', true)}</wsnt:RenewResponse>`;
  },

  [`${NS.wsnt}/Unsubscribe`]: (call) => {
    call.camera.endPullPoint(subscriptionOf(call));
    call.camera.counters.unsubscribes += 1;
    return '<wsnt:UnsubscribeResponse/>';
  },
};

/** The life time asked for, as a duration or as a time by the camera's clock. */
function lifeOf({ camera }: Call, text: string): number {
  const lifeMs = parseDuration(text) ?? Date.parse(text) - camera.now();
  if (!(lifeMs > 0)) {
    throw new SoapFault(
      'Sender',
      ['wsnt:UnacceptableInitialTerminationTimeFault'],
      `Unacceptable termination time: ${text}`,
    );
  }
  return lifeMs;
}

function times({ camera }: Call, lifeMs: number, prefix = 'wsnt', terminationFirst = false): string {
  const current = `<${prefix}:CurrentTime>${camera.time()}</${prefix}:CurrentTime>`;
  const termination = `<${prefix}:TerminationTime>${camera.time(camera.now() + lifeMs)}</${prefix}:TerminationTime>`;
  return terminationFirst ? termination + current : current + termination;
}

function reference({ camera }: Call, point: PullPoint): string {
  return camera.options.reference === 'path'
    ? `<wsa:Address>${camera.address(SUBSCRIPTION_PATH + point.id)}</wsa:Address>`
    : `<wsa:Address>${camera.address(SHARED_PATH)}</wsa:Address><wsa:ReferenceParameters><dom0:SubscriptionId xmlns:dom0="${AXIS_EVENT}">${point.id}</dom0:SubscriptionId></wsa:ReferenceParameters>`;
}

function subscriptionOf({ camera, header, path }: Call): PullPoint {
  const echoed = header?.children.find(({ local, uri }) => local === 'SubscriptionId' && uri === AXIS_EVENT);
  const id =
    camera.options.reference === 'path' ? path.slice(SUBSCRIPTION_PATH.length) : (echoed?.text.trim() ?? '');
  const point = camera.pullPoint(id);
  if (point === undefined) throw unknownSubscription();
  return point;
}

function unknownSubscription(): SoapFault {
  return new SoapFault(
    'Sender',
    ['wsrfr:ResourceUnknownFault'],
    'The subscription is unknown or has ended',
    500,
  );
}
