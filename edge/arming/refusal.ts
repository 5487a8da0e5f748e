import type { Text } from '../../contract/text.ts';
import type { ZoneReason } from '../../contract/zone.ts';

/** Every sentence that zones say to a person. */
export const text = {
  unknownZone: (id: string): Text => ({
    zh: `没有编号为“${id}”的防区，请刷新列表。`,
    en: `There is no zone "${id}": refresh the list.`,
  }),
  versionConflict: {
    zh: '防区刚刚被他人操作，请看过最新状态后再试。',
    en: 'Somebody has just changed this zone: look at it again, then repeat.',
  },
  alreadyDone: { zh: '防区已处于此状态，无需重复。', en: 'The zone is so already; nothing more to do.' },
  notReady: (reasons: readonly ZoneReason[]): Text => ({
    zh: `有 ${reasons.length} 处未就绪，不能布防：请逐项排除；确需布防的，由带班班长说明理由后强制布防，未关闭的点位将被旁路。`,
    en: `${reasons.length} points are not ready, so the zone is not armed: put them right one by one; if it must be armed as it is, the shift leader forces it with a reason, and what is open is by-passed.`,
  }),
  entryRuns: {
    zh: '进入延时正在计时：请先撤防，查清后再布防。',
    en: 'An entry delay is running: disarm first, find out who came in, then arm again.',
  },
  outOfScope: {
    zh: '该防区不在您的管辖范围内，请联系带班班长。',
    en: 'This zone is outside of what you are responsible for: ask the shift leader.',
  },
  leaderOnly: {
    zh: '旁路和强制布防须由带班班长操作，或由班长作为第二人确认。',
    en: 'By-passing and forced arming are for the shift leader, or take the shift leader as the second person.',
  },
  reasonMissing: { zh: '请填写理由（reason）。', en: 'Give the reason.' },
  slotMissing: { zh: '请写明点位（slot）。', en: 'Name the slot.' },
  notInZone: (slot: string): Text => ({
    zh: `点位“${slot}”不属于该防区，请刷新后重选。`,
    en: `Slot "${slot}" is not in this zone: refresh, and choose again.`,
  }),
  roundTheClock: (slot: string): Text => ({
    zh: `点位“${slot}”接有一级报警，不能旁路；需停用时请由班长会同第二人办理隔离。`,
    en: `Slot "${slot}" protects life and is never by-passed; have it isolated by a leader and a second person.`,
  }),
  nothingToBypass: (slot: string): Text => ({
    zh: `点位“${slot}”只有防拆、故障等 24 小时报警，布防撤防都有效，旁路不起作用：请排除故障；确需停用的，由班长搁置或隔离其报警。`,
    en: `Slot "${slot}" says only what is watched around the clock (tamper, faults), which a by-pass does not change: put it right, or have the leader shelve its alarm.`,
  }),
  stillOpen: (slot: string): Text => ({
    zh: `点位“${slot}”尚未恢复，现在取消旁路会立即报警：请先关闭，再取消旁路。`,
    en: `Slot "${slot}" is still open and would alarm at once: close it, then end its by-pass.`,
  }),
  otherToSign: (waiting: number): Text => ({
    zh: `此盲区已由他人签字或不存在；还有 ${waiting} 段盲区待签字，请看过最新列表后再签。`,
    en: `This unprotected time was signed by somebody else, or there is none such; ${waiting} others wait: look at the list as it is now, then sign.`,
  }),
  nothingToSign: { zh: '没有待签字的盲区。', en: 'There is no unprotected time to sign for.' },
} as const;
