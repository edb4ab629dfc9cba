import type { RenditionSpec } from '../types.ts';

/** The image sizes of common platforms, by name. */
export const renditionPresets: Readonly<Record<string, RenditionSpec>> = {
  instagram_post: preset('instagram_post', 1080, 1080),
  instagram_story: preset('instagram_story', 1080, 1920),
  facebook_ad: preset('facebook_ad', 1200, 628),
  twitter_post: preset('twitter_post', 1600, 900),
  twitter_header: preset('twitter_header', 1500, 500),
  linkedin_post: preset('linkedin_post', 1200, 627),
  pinterest_pin: preset('pinterest_pin', 1000, 1500),
  youtube_thumbnail: preset('youtube_thumbnail', 1280, 720),
  open_graph: preset('open_graph', 1200, 630),
};

function preset(name: string, widthPx: number, heightPx: number): RenditionSpec {
  return { name, widthPx, heightPx, fit: 'cover', format: 'jpeg', quality: 85 };
}
