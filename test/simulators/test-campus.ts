/** Passwords of the test campus; nothing outside tests and the demo uses them. */
export const passwords = {
  guard: 'guard-in-the-test',
  leader: 'leader-in-the-test',
  installer: 'installer-in-the-test',
  device: 'device-in-the-test',
  bridge: 'bridge-in-the-test',
};

/**
 * A small campus: `modules` wired I/O modules (`io-1`...; inputs 1 panic, 2 smoke, 3 door zone always armed,
 * 4 fence never armed, 5 unassigned), one zigbee2mqtt bridge with a smoke detector, a leak sensor, a contact and an
 * SOS button. Each module has its own broker account; the bridge publishes for what is behind it.
 */
export function testCampus(modules = 2): Record<string, unknown> {
  const ids = Array.from({ length: modules }, (_, i) => `io-${i + 1}`);
  return {
    places: [
      { id: 'campus', kind: 'campus', name: '历下测试小学' },
      { id: 'teaching', kind: 'building', name: '教学楼', parent: 'campus' },
      { id: 'teaching-1', kind: 'floor', name: '一层', parent: 'teaching' },
      ...ids.map((id) => ({ id: `room-${id}`, kind: 'room', name: `${id} 室`, parent: 'teaching-1' })),
      { id: 'lab', kind: 'room', name: '化学实验室', parent: 'teaching-1' },
    ],
    slots: [
      ...ids.flatMap((id) => [
        { id: `${id}-panic`, name: '一键报警', place: `room-${id}`, lifeSafety: true },
        { id: `${id}-smoke`, name: '烟感', place: `room-${id}`, lifeSafety: true },
        { id: `${id}-door`, name: '门磁', place: `room-${id}`, armed: 'always' },
        { id: `${id}-fence`, name: '围栏', place: `room-${id}` },
      ]),
      { id: 'lab-smoke', name: '实验室烟感', place: 'lab', lifeSafety: true },
      { id: 'lab-leak', name: '实验室水浸', place: 'lab' },
      { id: 'lab-door', name: '实验室门', place: 'lab' },
      { id: 'lab-sos', name: '实验室求助', place: 'lab', lifeSafety: true },
    ],
    devices: [
      ...ids.map((id) => ({
        id,
        name: `IO 模块 ${id}`,
        profile: 'io.wired',
        key: id,
        user: id,
        inputs: {
          1: { slot: `${id}-panic`, means: 'panic' },
          2: { slot: `${id}-smoke`, means: 'smoke' },
          3: { slot: `${id}-door`, means: 'door' },
          4: { slot: `${id}-fence`, means: 'fence' },
        },
      })),
      { id: 'z2m', name: 'Zigbee 网桥', profile: 'zigbee2mqtt.bridge', key: 'zigbee2mqtt', user: 'z2m' },
      {
        id: 'lab-smoke-1',
        name: '实验室烟感',
        profile: 'zigbee2mqtt.device',
        key: 'lab_smoke',
        slot: 'lab-smoke',
        bridge: 'z2m',
      },
      {
        id: 'lab-leak-1',
        name: '实验室水浸',
        profile: 'zigbee2mqtt.device',
        key: 'lab_leak',
        slot: 'lab-leak',
        bridge: 'z2m',
      },
      {
        id: 'lab-door-1',
        name: '实验室门磁',
        profile: 'zigbee2mqtt.device',
        key: 'lab_door',
        slot: 'lab-door',
        bridge: 'z2m',
      },
      {
        id: 'lab-sos-1',
        name: '实验室按钮',
        profile: 'zigbee2mqtt.device',
        key: 'lab_sos',
        slot: 'lab-sos',
        bridge: 'z2m',
      },
    ],
    credentials: [
      ...ids.map((user) => ({ user, password: passwords.device })),
      { user: 'z2m', password: passwords.bridge },
    ],
    users: [
      { user: 'guard', name: '张值班', role: 'guard', password: passwords.guard },
      { user: 'leader', name: '李班长', role: 'shift-leader', password: passwords.leader },
      { user: 'installer', name: '王工', role: 'installer', password: passwords.installer },
    ],
  };
}
