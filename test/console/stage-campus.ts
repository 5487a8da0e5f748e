import type { Device, Place, Slot } from '../../contract/site.ts';

// A primary school as the console's tests and screenshots see it.

export const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '历下区实验小学' },
  { id: 'teaching', kind: 'building', name: '教学楼', parent: 'campus' },
  { id: 'teaching-1', kind: 'floor', name: '一层', parent: 'teaching' },
  { id: 'teaching-3', kind: 'floor', name: '三层', parent: 'teaching' },
  { id: 'room-301', kind: 'room', name: '301 教室', parent: 'teaching-3' },
  { id: 'room-302', kind: 'room', name: '302 教室', parent: 'teaching-3' },
  { id: 'chemistry', kind: 'room', name: '化学实验室', parent: 'teaching-1' },
  { id: 'dorm-3', kind: 'building', name: '3 号学生公寓', parent: 'campus' },
  { id: 'dorm-3-5', kind: 'floor', name: '五层', parent: 'dorm-3' },
  { id: 'dorm-508', kind: 'room', name: '508 宿舍', parent: 'dorm-3-5', private: true },
  { id: 'canteen', kind: 'building', name: '食堂', parent: 'campus' },
  { id: 'kitchen', kind: 'room', name: '后厨', parent: 'canteen' },
  { id: 'gate-south', kind: 'building', name: '南门岗亭', parent: 'campus' },
  { id: 'wall-east', kind: 'point', name: '东围墙 3 段', parent: 'campus' },
  { id: 'library', kind: 'building', name: '图书馆', parent: 'campus' },
  { id: 'finance', kind: 'room', name: '财务室', parent: 'library' },
];

export const slots: Slot[] = [
  { id: 'panic-301', name: '讲台一键报警', place: 'room-301', lifeSafety: true, armed: 'never' },
  { id: 'smoke-508', name: '宿舍烟感', place: 'dorm-508', lifeSafety: true, armed: 'never' },
  { id: 'gas-kitchen', name: '灶台可燃气体', place: 'kitchen', lifeSafety: true, armed: 'never' },
  { id: 'duress-finance', name: '财务室胁迫按钮', place: 'finance', lifeSafety: true, armed: 'never' },
  { id: 'fence-east', name: '电子围栏 3 段', place: 'wall-east', armed: 'always' },
  { id: 'door-chemistry', name: '危化品柜', place: 'chemistry', armed: 'always' },
  { id: 'leak-chemistry', name: '水槽水浸', place: 'chemistry', armed: 'never' },
  { id: 'door-302', name: '302 门磁', place: 'room-302', armed: 'always' },
  { id: 'cam-gate', name: '南门视频', place: 'gate-south', armed: 'never' },
  { id: 'cam-corridor', name: '三层走廊视频', place: 'teaching-3', armed: 'never' },
  { id: 'cam-kitchen', name: '后厨视频', place: 'kitchen', armed: 'never' },
  { id: 'cam-wall', name: '东围墙视频', place: 'wall-east', armed: 'never' },
  { id: 'cam-dorm', name: '宿舍视频', place: 'dorm-508', armed: 'never' },
];

export const devices: Device[] = [
  { id: 'io-301', name: 'I/O 模块 301', profile: 'io.wired', slot: 'panic-301' },
  { id: 'zb-smoke-508', name: '海曼烟感 508', profile: 'zigbee2mqtt.device', slot: 'smoke-508' },
  { id: 'gas-1', name: '汉威探测器 1', profile: 'io.wired', slot: 'gas-kitchen' },
  { id: 'io-finance', name: 'I/O 模块 财务', profile: 'io.wired', slot: 'duress-finance' },
  { id: 'fence-3', name: '围栏主机 3', profile: 'io.wired', slot: 'fence-east' },
  { id: 'cab-1', name: '危化品柜控制器', profile: 'io.wired', slot: 'door-chemistry' },
  { id: 'leak-1', name: '水浸 1', profile: 'zigbee2mqtt.device', slot: 'leak-chemistry' },
  { id: 'door-302', name: '门磁 302', profile: 'zigbee2mqtt.device', slot: 'door-302' },
];

/** Only where a test brings pictures for them. */
export const cameras: Device[] = [
  { id: 'cam-gate', name: '南门枪机', profile: 'io.wired', slot: 'cam-gate' },
  { id: 'cam-corridor', name: '三层走廊球机', profile: 'io.wired', slot: 'cam-corridor' },
  { id: 'cam-kitchen', name: '后厨半球', profile: 'io.wired', slot: 'cam-kitchen' },
  { id: 'cam-wall', name: '东围墙枪机', profile: 'io.wired', slot: 'cam-wall' },
  { id: 'cam-dorm', name: '508 摄像机', profile: 'io.wired', slot: 'cam-dorm' },
];

export const cameraLinks = [
  { slot: 'panic-301', cameras: ['cam-corridor', 'cam-gate'] },
  { slot: 'gas-kitchen', cameras: ['cam-kitchen'] },
];

/** People of the stage by user name. */
export const people = [
  { user: 'zhang', name: '张建国', role: 'guard', password: 'zhang-on-stage-1' },
  { user: 'li', name: '李明', role: 'shift-leader', password: 'li-on-stage-1' },
  { user: 'wang', name: '王工', role: 'installer', password: 'wang-on-stage-1' },
  { user: 'audit', name: '周审计', role: 'auditor', password: 'audit-on-stage-1' },
] as const;
