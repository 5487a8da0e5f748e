import { doorOf } from './door-service.ts';
import type { Call, Operations } from './operations.ts';
import { NS, noEntity } from './soap.ts';
import type { DoorOptions } from './types.ts';
import { escapeXml, textAt } from './xml.ts';

/** Access points (ONVIF access control specification). */
export const accessOperations: Operations = {
  [`${NS.tac}/GetServiceCapabilities`]: () =>
    '<tac:GetServiceCapabilitiesResponse><tac:Capabilities MaxLimit="100" MaxAccessPoints="100" DisableAccessPoint="true"/></tac:GetServiceCapabilitiesResponse>',

  [`${NS.tac}/GetAccessPointInfoList`]: ({ camera }) =>
    `<tac:GetAccessPointInfoListResponse>${camera.options.doors.map(accessPointInfo).join('')}</tac:GetAccessPointInfoListResponse>`,

  [`${NS.tac}/GetAccessPointInfo`]: ({ camera, request }) => {
    const token = textAt(request, 'Token');
    const found = camera.options.doors.filter(({ accessPoint }) => accessPoint === token);
    return `<tac:GetAccessPointInfoResponse>${found.map(accessPointInfo).join('')}</tac:GetAccessPointInfoResponse>`;
  },

  [`${NS.tac}/GetAccessPointState`]: (call) => {
    accessPointOf(call, 'Token');
    return '<tac:GetAccessPointStateResponse><tac:AccessPointState><tac:Enabled>true</tac:Enabled></tac:AccessPointState></tac:GetAccessPointStateResponse>';
  },

  [`${NS.tac}/EnableAccessPoint`]: (call) => enable(call, 'EnableAccessPoint', true),
  [`${NS.tac}/DisableAccessPoint`]: (call) => enable(call, 'DisableAccessPoint', false),

  [`${NS.tac}/ExternalAuthorization`]: (call) => {
    const { accessPoint, token } = accessPointOf(call, 'AccessPointToken');
    const decision = textAt(call.request, 'Decision');
    call.camera.command('ExternalAuthorization', { accessPoint, decision });
    const topic = decision === 'Granted' ? 'AccessGranted/Anonymous' : 'Denied/Anonymous';
    call.camera.emit({
      topic: `tns1:AccessControl/${topic}`,
      source: { AccessPointToken: accessPoint },
      data: { External: 'true' },
    });
    if (decision === 'Granted') doorOf(call, token).access();
    return '<tac:ExternalAuthorizationResponse/>';
  },
};

function enable(call: Call, operation: string, enabled: boolean): string {
  const { accessPoint } = accessPointOf(call, 'Token');
  call.camera.command(operation, { accessPoint });
  call.camera.emit({
    topic: 'tns1:AccessPoint/State/Enabled',
    operation: 'Changed',
    source: { AccessPointToken: accessPoint },
    data: { State: String(enabled) },
  });
  return `<tac:${operation}Response/>`;
}

function accessPointOf({ camera, request }: Call, field: string): Required<DoorOptions> {
  const token = textAt(request, field);
  const found = camera.options.doors.find(({ accessPoint }) => accessPoint === token);
  if (found === undefined) throw noEntity(`access point: ${token}`);
  return found;
}

function accessPointInfo({ accessPoint, name, token }: Required<DoorOptions>): string {
  return `<tac:AccessPointInfo token="${escapeXml(accessPoint)}"><tac:Name>${escapeXml(name)}</tac:Name><tac:Description>${escapeXml(name)}</tac:Description><tac:EntityType xmlns:tdc="${NS.tdc}">tdc:Door</tac:EntityType><tac:Entity>${escapeXml(token)}</tac:Entity><tac:Capabilities DisableAccessPoint="true" Duress="true" AccessTaken="true" ExternalAuthorization="true"/></tac:AccessPointInfo>`;
}
