import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry, type RegistryOptions } from '../../../edge/registry/registry.ts';
import type { ProfileFacts } from '../../../edge/registry/site-check.ts';

/** A small campus: two floors of a dormitory, a gate, a wired module, a bridge with a smoke detector behind it. */
export const campus = `places:
  - { id: c, kind: campus, name: 东校区 }
  - { id: dorm-3, kind: building, name: 3号学生公寓, parent: c }
  - { id: dorm-3-1, kind: floor, name: 一层, parent: dorm-3 }
  - { id: room-101, kind: room, name: 101室, parent: dorm-3-1, private: true }
  - { id: gate, kind: point, name: 东门, parent: c }
units:
  - { id: security, name: 保卫处 }
slots:
  - { id: gate-panic, name: 东门一键报警, place: gate, unit: security, armed: always }
  - { id: gate-door, name: 东门门磁, place: gate }
  - { id: smoke-101, name: 101室烟感, place: room-101, lifeSafety: true }
credentials:
  - { user: io-1, password: wired-module-1 }
  - { user: z2m, password: bridge-password, publish: ['zigbee2mqtt/#'], subscribe: ['zigbee2mqtt/{user}/set'] }
devices:
  - id: io-1
    name: 东门模块
    profile: io.wired
    user: io-1
    slot: gate-door
    inputs:
      1: { slot: gate-panic, means: panic }
      2: { means: door, polarity: nc }
  - { id: bridge, name: Zigbee网关, profile: zigbee2mqtt.bridge, user: z2m }
  - { id: smoke, name: 烟感, profile: zigbee2mqtt.device, key: dorm-3/smoke-101, slot: smoke-101, bridge: bridge }
users:
  - { user: guard1, name: 王警卫, role: guard, password: guard-password }
  - { user: leader, name: 李班长, role: shift-leader, password: leader-password }
links:
  - { slot: gate-panic, cameras: [io-1] }
`;

export const profiles: ProfileFacts = {
  ids: new Set(['io.wired', 'zigbee2mqtt.bridge', 'zigbee2mqtt.device']),
  check: (_, { inputs, settings }) => [
    ...Object.entries(inputs ?? {}).flatMap(([name, { means }]) =>
      means === undefined || ['panic', 'door'].includes(means)
        ? []
        : [
            {
              path: `inputs.${name}.means`,
              message: `"${means}" is no meaning of this profile; write one of panic, door`,
            },
          ],
    ),
    ...Object.keys(settings ?? {}).map((name) => ({ path: `settings.${name}`, message: 'no such setting' })),
  ],
};

export interface Workspace {
  dir: string;
  write(text: string, name?: string): string;
  open(options?: Partial<RegistryOptions>): Promise<Registry>;
}

/** A folder with files and a `site.db`. */
export function workspace(): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'registry-'));
  const open = (options: Partial<RegistryOptions> = {}) =>
    Registry.open({ file: join(dir, 'site.db'), logger: pino({ level: 'silent' }), ...options });
  return {
    dir,
    open,
    write(text, name = 'campus.yaml') {
      const file = join(dir, name);
      writeFileSync(file, text);
      return file;
    },
  };
}
