import { testCampus } from '../simulators/test-campus.ts';

/** Password of everybody in the house but those of the test campus. */
export const HOUSE_PASSWORD = 'Zi-ji-xuan-de-58';

const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** The test campus with all that its pages show: zones, calendar, telephones, hours, a plan, people of every role. */
export function houseCampus(): Record<string, unknown> {
  const campus = testCampus(2);
  const users = [
    ...(campus.users as object[]),
    { user: 'admin', name: '赵主任', role: 'administrator', password: HOUSE_PASSWORD },
    { user: 'keeper', name: '钱安全', role: 'security-administrator', password: HOUSE_PASSWORD },
    { user: 'watcher', name: '周审计', role: 'auditor', password: HOUSE_PASSWORD },
    { user: 'screen', name: '大屏', role: 'kiosk', password: HOUSE_PASSWORD },
  ];
  return {
    ...campus,
    users,
    units: [
      { id: 'security', name: '保卫处' },
      { id: 'chemistry', name: '化学教研组' },
    ],
    zones: [
      { id: 'lab', name: '化学实验室防区', places: ['lab'], schedule: [{ from: '22:00', to: '06:00' }] },
      { id: 'room-1', name: 'io-1 室防区', slots: ['io-1-fence'], exitDelay: 0 },
    ],
    phones: [
      { id: 'duty-head', name: '保卫处值班室', number: '0531-88880000', order: 10 },
      { id: 'lab-head', name: '实验室负责人 孙老师', number: '138 0000 0000', order: 5, places: ['lab'] },
      { id: 'police', name: '辖区派出所', number: '110', role: 'police', order: 50 },
    ],
    hours: [
      { id: 'open-teaching', place: 'teaching', kind: 'open', from: '06:30', to: '21:30' },
      { id: 'quiet-night', place: 'campus', kind: 'quiet', from: '22:00', to: '06:00' },
    ],
    plans: [{ id: 'teaching-1', name: '教学楼一层', place: 'teaching-1' }],
    calendar: [
      { id: 'term', kind: 'term', name: '第一学期', from: day(-60), to: day(20) },
      { id: 'open-day', kind: 'holiday', name: '校庆', from: day(3), to: day(3) },
      { id: 'nap', kind: 'band', name: '午休', what: 'nap', from: '12:30', to: '14:00' },
    ],
  };
}
