import { generateKeyPairSync } from 'node:crypto';
import { JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import { ActionAssertion, ManifestStore } from '@trustnxt/c2pa-ts/manifest';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { embedProvenance, imageIdentity } from '../../src/provenance/embedProvenance.ts';
import { createPictureSigner } from '../../src/provenance/signPicture.ts';
import { xmpProperties } from '../../src/provenance/xmp.ts';
import { anIdentity } from '../helpers/anIdentity.ts';
import { aProvenance } from '../helpers/aProvenance.ts';

const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#000', noise } });
const formats = [
  ['jpeg', () => picture.clone().jpeg().toBuffer()],
  ['png', () => picture.clone().png().toBuffer()],
] as const;
const model = 'black-forest-labs/flux-schnell';

function read(bytes: Buffer) {
  const asset = JPEG.canRead(bytes) ? new JPEG(bytes) : new PNG(bytes);
  const jumbf = asset.getManifestJUMBF();
  if (jumbf === undefined) throw new Error('Expected a manifest');
  return { asset, store: ManifestStore.read(SuperBox.fromBuffer(new Uint8Array(jumbf))) };
}

async function validated(bytes: Buffer) {
  const { asset, store } = read(bytes);
  const { isValid, statusEntries } = await store.validate(asset);
  return { isValid, codes: statusEntries.map(({ code }) => String(code)) };
}

function withProvenance(bytes: Buffer, format: string, prompt: string | null): Buffer {
  const result = embedProvenance(bytes, format, xmpProperties(aProvenance({ prompt })));
  if (!('marked' in result)) throw new Error(result.unmarked);
  return result.marked;
}

describe.each(formats)('a signed image: %s', (format, encode) => {
  it('names the model that made it, under a signature that is bound to its bytes', async () => {
    const sign = await createPictureSigner(await anIdentity());
    const before = withProvenance(await encode(), format, 'a pear');
    const signed = await sign(before, format, model);
    const { isValid, codes } = await validated(signed);
    expect(codes).toContain('claimSignature.validated');
    expect(codes).toContain('assertion.dataHash.match');
    expect(isValid).toBe(true);
    const manifest = read(signed).store.getActiveManifest();
    expect(manifest?.claim?.claimGeneratorName).toBe('rxposure');
    const actions = manifest?.assertions?.assertions.find((each) => each instanceof ActionAssertion);
    expect(actions?.actions).toMatchObject([
      {
        action: 'c2pa.created',
        digitalSourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
        softwareAgent: { name: model },
      },
    ]);
    expect((await sharp(signed).metadata()).xmp?.toString()).toContain('a pear');
    expect(await sharp(signed).raw().toBuffer()).toEqual(await sharp(before).raw().toBuffer());
    const changed = Buffer.from(signed);
    changed.writeUInt8(changed.readUInt8(changed.length - 60) ^ 1, changed.length - 60);
    expect((await validated(changed)).isValid).toBe(false);
  });

  it('can get other provenance and be signed again, and keeps its identity', async () => {
    const sign = await createPictureSigner(await anIdentity());
    const plain = await encode();
    const signed = await sign(withProvenance(plain, format, 'a pear'), format, model);
    const again = await sign(withProvenance(signed, format, null), format, model);
    expect((await validated(again)).isValid).toBe(true);
    expect((await sharp(again).metadata()).xmp?.toString()).not.toContain('pear');
    expect(read(again).store.manifests).toHaveLength(1);
    expect(again.length).toBeLessThan(signed.length + 100);
    expect(imageIdentity(again, format)).toBe(imageIdentity(withProvenance(plain, format, 'a plum'), format));
  });
});

describe('createPictureSigner', () => {
  it('leaves files unchanged that cannot be signed', async () => {
    const sign = await createPictureSigner(await anIdentity());
    const bytes = await picture.clone().webp().toBuffer();
    expect(await sign(bytes, 'webp', model)).toBe(bytes);
  });

  it('refuses certificates and keys that cannot be used, without showing the key', async () => {
    const [good, other] = [await anIdentity(), await anIdentity()];
    const { privateKey: encrypted } = generateKeyPairSync('rsa', {
      modulusLength: 1_024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'SECRET' },
    });
    const expired = await anIdentity({ validFrom: new Date(0), validTo: new Date(1_000) });
    const cases = [
      [{ ...good, privateKeyPem: other.privateKeyPem }, 'the key of the first certificate'],
      [{ ...good, certificatesPem: 'nothing' }, 'a certificate in PEM to sign images with, got none'],
      [{ ...good, privateKeyPem: 'SECRET' }, 'an unencrypted private key in PEM'],
      [{ ...good, privateKeyPem: encrypted }, 'an unencrypted private key in PEM'],
      [expired, 'a certificate that is valid now to sign images with, got one that is valid from'],
      [
        { ...good, certificatesPem: good.certificatesPem.replaceAll(/[A-Za-z]{4}=?=?\n/g, 'AAAA\n') },
        'sign images with',
      ],
    ] as const;
    for (const [identity, message] of cases) {
      const refusal = createPictureSigner(identity);
      await expect(refusal).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining(message),
      });
      await expect(refusal).rejects.not.toThrow('SECRET');
    }
  });
});
