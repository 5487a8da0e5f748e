import { type CameraState, NOWHERE } from './camera-state.ts';
import type { Operations } from './operations.ts';
import { NS, noEntity } from './soap.ts';
import { escapeXml, textAt } from './xml.ts';

export const SNAPSHOT_PATH = '/onvif/snapshot.jpg';

const PROFILES = [
  { token: 'Profile_1', stream: 'main', width: 2560, height: 1440 },
  { token: 'Profile_2', stream: 'sub', width: 640, height: 360 },
] as const;

/** Media (ONVIF media specification): a main and a sub stream of one video source. */
export const mediaOperations: Operations = {
  [`${NS.trt}/GetProfiles`]: () => {
    const profiles = PROFILES.map(
      ({ token, stream, width, height }) =>
        `<trt:Profiles token="${token}" fixed="true"><tt:Name>${stream}Stream</tt:Name><tt:VideoSourceConfiguration token="VSC-1"><tt:Name>VideoSource</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>VS-1</tt:SourceToken><tt:Bounds x="0" y="0" width="2560" height="1440"/></tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="VEC-${stream}"><tt:Name>${stream}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl><tt:H264><tt:GovLength>50</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264><tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration><tt:PTZConfiguration token="PTZ-1"><tt:Name>PTZ</tt:Name><tt:UseCount>2</tt:UseCount><tt:NodeToken>PTZNODE-1</tt:NodeToken></tt:PTZConfiguration></trt:Profiles>`,
    );
    return `<trt:GetProfilesResponse>${profiles.join('')}</trt:GetProfilesResponse>`;
  },

  [`${NS.trt}/GetVideoSources`]: () =>
    '<trt:GetVideoSourcesResponse><trt:VideoSources token="VS-1"><tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>2560</tt:Width><tt:Height>1440</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>',

  [`${NS.trt}/GetStreamUri`]: ({ camera, request }) => {
    const { stream } = profileOf(textAt(request, 'ProfileToken'));
    return mediaUri('GetStreamUri', streamAddress(camera, camera.options.streams[stream]));
  },

  [`${NS.trt}/GetSnapshotUri`]: ({ camera, request }) => {
    profileOf(textAt(request, 'ProfileToken'));
    return mediaUri('GetSnapshotUri', camera.address(SNAPSHOT_PATH));
  },

  [`${NS.trt}/GetServiceCapabilities`]: () =>
    '<trt:GetServiceCapabilitiesResponse><trt:Capabilities SnapshotUri="true" Rotation="false"><trt:ProfileCapabilities MaximumNumberOfProfiles="2"/><trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities></trt:GetServiceCapabilitiesResponse>',
};

function profileOf(token: string): (typeof PROFILES)[number] {
  const profile = PROFILES.find((candidate) => candidate.token === token);
  if (profile === undefined) throw noEntity(`profile: ${token}`);
  return profile;
}

function mediaUri(operation: string, uri: string): string {
  return `<trt:${operation}Response><trt:MediaUri><tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:${operation}Response>`;
}

// Behind NAT the stream's host is wrong as the XAddr's is.
function streamAddress({ faults }: CameraState, address: string): string {
  const foreign = faults.of('foreign-address');
  if (foreign === undefined) return address;
  const [host] = (foreign.authority ?? NOWHERE).split(':');
  return address.replace(/^rtsp:\/\/[^/:]+/, `rtsp://${host}`);
}
