import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import { tempDir } from '../../../simulators/temp-dir.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { type Certificate, makeCertificates } from '../../../support/certs.ts';
import { describeWithPeer, requirePeer } from '../../../support/peers.ts';
import { deviceOf, Watched } from './support.ts';

/** Handshakes take their time on a busy machine. */
const patient = { answerMs: 8_000, pullMs: 1_000, silentAfterMs: 8_000 };

/** A certificate as cameras make them: signed by itself, for a name that is none. */
function ofCamera(): Certificate {
  const { dir, remove } = tempDir('camera-certificate');
  const subject = ['-subj', '/CN=IPCamera', '-days', '1', '-keyout', 'key', '-out', 'cert'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(requirePeer('openssl'), ['req', '-x509', ...key, ...subject], { cwd: dir, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const certificate = { cert: read('cert'), key: read('key') };
  remove();
  return certificate;
}

describeWithPeer(['openssl'], 'a camera over TLS', () => {
  test('is trusted by its own certificate or its CA, and by nothing else', { timeout: 120_000 }, async () => {
    const { ca, server, client } = makeCertificates();
    const own = ofCamera();
    const camera = await startCamera({ tls: server });
    const named = await startCamera({ tls: own });
    const elsewhere = await startCamera({ tls: server, host: '127.0.0.2' });
    const devices = [
      deviceOf(camera, { id: 'by-ca', ca }),
      deviceOf(camera, { id: 'by-itself', ca: server.cert + ca }),
      deviceOf(named, { id: 'other-name', ca: own.cert }),
      deviceOf(elsewhere, { id: 'other-name-by-ca', ca }),
      deviceOf(camera, { id: 'unknown' }),
      deviceOf(camera, { id: 'wrong', ca: client.cert }),
      deviceOf(camera, { id: 'no-tls', url: camera.url.replace('https:', 'http:') }),
    ];
    const watched = await new Watched(devices, patient).start();
    try {
      const state = (id: string) => watched.adapter.health(id)?.state;
      for (const id of ['by-ca', 'by-itself', 'other-name'])
        await waitFor(id, () => state(id) === 'ok', 30_000);
      for (const id of ['other-name-by-ca', 'unknown', 'wrong', 'no-tls'])
        await waitFor(id, () => state(id) === 'offline', 40_000);
      expect(watched.adapter.health('unknown')?.reason).toMatch(/TLS failed.*onvif\.tls\.ca_file/);
      expect(watched.adapter.health('other-name-by-ca')?.reason).toMatch(/for another name/);
      expect(camera.stats().maxSubscriptions).toBe(2);
      expect(camera.stats().refused).toBe(0);
    } finally {
      await watched.adapter.stop();
      await camera.stop();
      await named.stop();
      await elsewhere.stop();
    }
  });
});
