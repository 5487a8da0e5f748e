// The demo: a gateway, a province and a campus that lives through a day, as real processes on loopback.
//   npm run demo                 until Ctrl-C
//   npm run demo -- --seconds N  stops by itself; exit code 0 only if alarms reached the console and were receipted
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CampusDay } from './campus-day.ts';
import { DemoCameras } from './demo-cameras.ts';
import { DemoRecorder } from './demo-recorder.ts';
import { type Gateway, signIn, startGateway } from './gateway.ts';
import { LiveClient } from './live-client.ts';
import { type ReceiverProcess, startProvince } from './receiver.ts';
import { tempDir } from './temp-dir.ts';
import { passwords, testCampus } from './test-campus.ts';

const MODULES = 6;
const STEP_MS = 1_500;

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
if (seconds !== undefined && !(seconds >= 5)) {
  console.error('--seconds needs a number of at least 5, e.g. npm run demo -- --seconds 30');
  process.exit(2);
}
process.exitCode = await demo(seconds);

async function demo(limit: number | undefined): Promise<number> {
  const { dir, remove } = tempDir('demo');
  const stops: Array<() => Promise<unknown> | unknown> = [remove];
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    const province = await startProvince(dir);
    stops.push(() => province.process.stop());
    const cameras = await DemoCameras.start();
    stops.push(() => cameras.stop());
    const gateway = await startGateway({
      dir,
      site: cameras.within(testCampus(MODULES)),
      config: { uplinks: [{ recipient: 'province', url: province.brokerUrl }] },
      args: ['--sign-in-link', 'guard'],
    });
    stops.push(() => gateway.process.stop());
    const guard = await signIn(gateway.url, 'guard', passwords.guard, 'demo');
    const live = await LiveClient.connect(guard);
    stops.push(() => live.close());
    welcome(gateway, province, cameras);

    const recorder = new DemoRecorder(live, province);
    const tell = (what: string): void => console.log(`  ${what}`);
    const day = await CampusDay.begin(gateway.mqttPort, MODULES, tell, cameras);
    stops.push(() => day.stop());
    await recorder.follow(() => day.panic());
    const until = limit === undefined ? Number.POSITIVE_INFINITY : performance.now() + limit * 1000;
    await Promise.race([day.live(until, STEP_MS), interrupted, ended(gateway), ended(province)]);
    await Promise.race([recorder.follow(() => day.panic()), sleep(10_000)]);
    return await recorder.summary(gateway);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function welcome(gateway: Gateway, province: ReceiverProcess, cameras: DemoCameras): void {
  const link = gateway.process.lines.find((line) => line.includes('/session/link?token='));
  console.log(`
控制台 console        ${link?.split(' ').at(-1) ?? gateway.url}
                      或登录 or sign in at ${gateway.url}: guard / ${passwords.guard}, leader / ${passwords.leader}
省平台 province       ${province.url}/api/v1/gateways
摄像机 cameras        ${cameras.gate.url} (${cameras.gate.user} / ${cameras.gate.password})
                      ${cameras.hasPicture ? '有画面 with moving pictures' : '没有画面：缺少 GStreamer 的 RTSP 服务 no picture: GStreamer has no RTSP server here'}
                      以 installer / ${passwords.installer} 登录，在“设备接入”里搜索摄像机，登记第三台
                      sign in as installer and search for cameras: a third one waits to be registered
设备接入 MQTT         127.0.0.1:${gateway.mqttPort} (user io-1 ... io-${MODULES}, password ${passwords.device})

看什么 what to watch: 报警卡片与声音、"已送达省平台"标记；按 Ctrl-C 结束
alarm cards with sound and their delivered mark; acknowledge, confirm and dispose them; Ctrl-C ends it
`);
}

async function ended({ process: running }: { process: { ended: Promise<number | null>; lines: string[] } }) {
  const code = await running.ended;
  throw new Error(`a process of the demo ended with ${code}:\n${running.lines.slice(-10).join('\n')}`);
}
