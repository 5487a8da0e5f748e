import type { CameraState } from './camera-state.ts';
import type { Operations } from './operations.ts';
import { NS, noEntity } from './soap.ts';
import { escapeXml, textAt } from './xml.ts';

/** Device management and device I/O (ONVIF core clause 8, device IO specification). */
export const deviceOperations: Operations = {
  [`${NS.tds}/GetSystemDateAndTime`]: ({ camera }) => {
    const at = new Date(camera.now());
    const part = (date: Date): string =>
      `<tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}</tt:Minute><tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year><tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>`;
    const local = new Date(at.getTime() + 8 * 3_600_000);
    return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>${part(at)}</tt:UTCDateTime><tt:LocalDateTime>${part(local)}</tt:LocalDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
  },

  [`${NS.tds}/GetDeviceInformation`]: ({ camera: { options } }) =>
    `<tds:GetDeviceInformationResponse><tds:Manufacturer>${escapeXml(options.manufacturer)}</tds:Manufacturer><tds:Model>${escapeXml(options.model)}</tds:Model><tds:FirmwareVersion>${escapeXml(options.firmware)}</tds:FirmwareVersion><tds:SerialNumber>${escapeXml(options.serial)}</tds:SerialNumber><tds:HardwareId>1.0</tds:HardwareId></tds:GetDeviceInformationResponse>`,

  [`${NS.tds}/GetServices`]: ({ camera }) => {
    const services = camera
      .services()
      .map(
        ([uri, path]) =>
          `<tds:Service><tds:Namespace>${uri}</tds:Namespace><tds:XAddr>${camera.address(path)}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>`,
      );
    return `<tds:GetServicesResponse>${services.join('')}</tds:GetServicesResponse>`;
  },

  [`${NS.tds}/GetCapabilities`]: ({ camera }) => {
    const service = (uri: string): string => {
      const path = camera.services().find(([candidate]) => candidate === uri)?.[1];
      return path === undefined ? '' : `<tt:XAddr>${camera.address(path)}</tt:XAddr>`;
    };
    const { inputs, relays, pullPoints } = camera.options;
    const part = (name: string, uri: string, extra = ''): string =>
      service(uri) === '' ? '' : `<tt:${name}>${service(uri)}${extra}</tt:${name}>`;
    const io = `<tt:IO><tt:InputConnectors>${inputs.length}</tt:InputConnectors><tt:RelayOutputs>${relays.length}</tt:RelayOutputs></tt:IO>`;
    const pull = `<tt:WSSubscriptionPolicySupport>${pullPoints}</tt:WSSubscriptionPolicySupport><tt:WSPullPointSupport>${pullPoints}</tt:WSPullPointSupport><tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport>`;
    return `<tds:GetCapabilitiesResponse><tds:Capabilities>${part('Device', NS.tds, io)}${part('Events', NS.tev, pull)}${part('Media', NS.trt, '<tt:StreamingCapabilities><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities>')}${part('PTZ', NS.tptz)}<tt:Extension>${part('DeviceIO', NS.tmd)}</tt:Extension></tds:Capabilities></tds:GetCapabilitiesResponse>`;
  },

  [`${NS.tds}/GetServiceCapabilities`]: ({ camera }) => {
    const { authentication } = camera.options;
    const token = authentication !== 'digest';
    const digest = authentication !== 'token' && authentication !== 'none';
    return `<tds:GetServiceCapabilitiesResponse><tds:Capabilities><tds:Network DHCPv6="false"/><tds:Security UsernameToken="${token}" HttpDigest="${digest}"/><tds:System DiscoveryResolve="true" DiscoveryBye="true"/></tds:Capabilities></tds:GetServiceCapabilitiesResponse>`;
  },

  [`${NS.tds}/GetScopes`]: ({ camera }) => {
    const scopes = camera
      .scopes()
      .map(
        (scope) =>
          `<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${scope}</tt:ScopeItem></tds:Scopes>`,
      );
    return `<tds:GetScopesResponse>${scopes.join('')}</tds:GetScopesResponse>`;
  },

  [`${NS.tds}/GetNetworkInterfaces`]: ({ camera }) =>
    `<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>${camera.macAddress()}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>${camera.host()}</tt:Address><tt:PrefixLength>24</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>`,

  [`${NS.tds}/SystemReboot`]: ({ camera }) => {
    camera.command('SystemReboot', {});
    camera.reboot();
    return '<tds:SystemRebootResponse><tds:Message>Rebooting</tds:Message></tds:SystemRebootResponse>';
  },

  [`${NS.tds}/GetRelayOutputs`]: ({ camera }) => relayOutputs('tds', camera),
  [`${NS.tmd}/GetRelayOutputs`]: ({ camera }) => relayOutputs('tmd', camera),

  [`${NS.tds}/SetRelayOutputState`]: ({ camera, request }) => {
    const token = textAt(request, 'RelayOutputToken');
    const state = textAt(request, 'LogicalState');
    setRelay(camera, token, state);
    return '<tds:SetRelayOutputStateResponse/>';
  },
  [`${NS.tmd}/SetRelayOutputState`]: ({ camera, request }) => {
    setRelay(camera, textAt(request, 'RelayOutputToken'), textAt(request, 'LogicalState'));
    return '<tmd:SetRelayOutputStateResponse/>';
  },

  [`${NS.tmd}/GetDigitalInputs`]: ({ camera }) => {
    const inputs = camera.options.inputs.map(
      (token) => `<tmd:DigitalInputs token="${escapeXml(token)}" IdleState="open"/>`,
    );
    return `<tmd:GetDigitalInputsResponse>${inputs.join('')}</tmd:GetDigitalInputsResponse>`;
  },

  [`${NS.tmd}/GetServiceCapabilities`]: ({ camera: { options } }) =>
    `<tmd:GetServiceCapabilitiesResponse><tmd:Capabilities VideoSources="1" RelayOutputs="${options.relays.length}" DigitalInputs="${options.inputs.length}"/></tmd:GetServiceCapabilitiesResponse>`,
};

function relayOutputs(prefix: 'tds' | 'tmd', { options }: CameraState): string {
  const outputs = options.relays.map(
    (token) =>
      `<${prefix}:RelayOutputs token="${escapeXml(token)}"><tt:Properties><tt:Mode>Bistable</tt:Mode><tt:DelayTime>PT0S</tt:DelayTime><tt:IdleState>open</tt:IdleState></tt:Properties></${prefix}:RelayOutputs>`,
  );
  return `<${prefix}:GetRelayOutputsResponse>${outputs.join('')}</${prefix}:GetRelayOutputsResponse>`;
}

// The state that was commanded comes back as an event, as cameras do.
function setRelay(camera: CameraState, token: string, state: string): void {
  if (!camera.options.relays.includes(token)) throw noEntity(`relay output: ${token}`);
  camera.command('SetRelayOutputState', { token, state });
  camera.emit({
    topic: 'tns1:Device/Trigger/Relay',
    operation: 'Changed',
    source: { RelayToken: token },
    data: { LogicalState: state },
  });
}
