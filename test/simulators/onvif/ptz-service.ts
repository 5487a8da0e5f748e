import type { Operations } from './operations.ts';
import { NS, SoapFault } from './soap.ts';
import { escapeXml, textAt } from './xml.ts';

/** PTZ presets (ONVIF PTZ specification clause 5.5). */
export const ptzOperations: Operations = {
  [`${NS.tptz}/GetPresets`]: ({ camera, request }) => {
    requireProfile(textAt(request, 'ProfileToken'));
    const presets = Object.entries(camera.options.presets).map(
      ([token, name]) =>
        `<tptz:Preset token="${escapeXml(token)}"><tt:Name>${escapeXml(name)}</tt:Name><tt:PTZPosition><tt:PanTilt x="0.1" y="-0.2"/><tt:Zoom x="0"/></tt:PTZPosition></tptz:Preset>`,
    );
    return `<tptz:GetPresetsResponse>${presets.join('')}</tptz:GetPresetsResponse>`;
  },

  [`${NS.tptz}/GotoPreset`]: ({ camera, request }) => {
    requireProfile(textAt(request, 'ProfileToken'));
    const token = textAt(request, 'PresetToken');
    if (camera.options.presets[token] === undefined) {
      throw new SoapFault('Sender', ['ter:InvalidArgVal', 'ter:NoToken'], `No such preset: ${token}`);
    }
    camera.command('GotoPreset', { preset: token });
    return '<tptz:GotoPresetResponse/>';
  },
};

function requireProfile(token: string): void {
  if (!/^Profile_[12]$/.test(token)) {
    throw new SoapFault('Sender', ['ter:InvalidArgVal', 'ter:NoProfile'], `No such profile: ${token}`);
  }
}
