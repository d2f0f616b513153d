// biome-ignore-all assist/source/organizeImports: written by test/openapi/write-docs-files.ts
// biome-ignore-all format: likewise
import f0 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/AgentScalarDrawer-CqzoMsYK.js" with { type: "file" };
import f1 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/ScalarTextInput.vue-DHsIHDxq.js" with { type: "file" };
import f2 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/ScalarTooltip.vue-CNHZoZ1d.js" with { type: "file" };
import f3 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/basic-shape-diamond.svg-CSeTJbeh.js" with { type: "file" };
import f4 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/basic-shape-hexagon.svg-oyxWvxRQ.js" with { type: "file" };
import f5 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/basic-shape-primary-circle-ellipse-round.svg-DQeZtHBI.js" with { type: "file" };
import f6 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/basic-shape-primary-square-rectangle.svg-CyENcVNf.js" with { type: "file" };
import f7 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/basic-shape-shield.svg-BiA61UMe.js" with { type: "file" };
import f8 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/browser-B6bliBWe.js" with { type: "file" };
import f9 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/browser-DMa86Ncd.js" with { type: "file" };
import f10 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-desktop-monitor.svg-D0xLKhor.js" with { type: "file" };
import f11 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-desktop.svg-BtJYb718.js" with { type: "file" };
import f12 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-laptop.svg-C2ePrDUA.js" with { type: "file" };
import f13 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-phone-android-samsung-back.svg-Bo87DC3H.js" with { type: "file" };
import f14 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-phone-android-samsung.svg-bjrhA_Yg.js" with { type: "file" };
import f15 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-phone-iphone-x-back.svg-BkCo132b.js" with { type: "file" };
import f16 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-phone-iphone-x.svg-BxlFsHLK.js" with { type: "file" };
import f17 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-tablet-touch.svg-QY32_ZcV.js" with { type: "file" };
import f18 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-mobile-tablet.svg-x1UmeXpS.js" with { type: "file" };
import f19 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-network-ethernet-cat6.svg-slAB4jZC.js" with { type: "file" };
import f20 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-network-lan-www.svg-BAuQ1iCW.js" with { type: "file" };
import f21 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-network-wifi-connection.svg-D4wsguuY.js" with { type: "file" };
import f22 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/computer-device-network-wifi-router.svg-iX9GJPnZ.js" with { type: "file" };
import f23 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/ecology-science-erlenmeyer-flask.svg-BoFRWqc1.js" with { type: "file" };
import f24 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/for-each-path-item-operation-hnrqHtHZ.js" with { type: "file" };
import f25 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/get-xml-body-example-DiKu2Hy0.js" with { type: "file" };
import f26 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/image-flash-lightning.svg-BkAA15b0.js" with { type: "file" };
import f27 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/image-picture-flower.svg-BVVi5dlq.js" with { type: "file" };
import f28 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-alert-exclamation-diamond.svg-iCCMRDvu.js" with { type: "file" };
import f29 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-alert-exclamation-triangle-warning.svg-PmxLJ1bx.js" with { type: "file" };
import f30 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-alert-information-circle.svg-BgH_88jL.js" with { type: "file" };
import f31 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-award-crown.svg-R4K0fLsJ.js" with { type: "file" };
import f32 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-bookmark-tag.svg-B4E0F1ZU.js" with { type: "file" };
import f33 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-bookmark.svg-B4E0F1ZU.js" with { type: "file" };
import f34 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-calendar-date-one.svg-CIIy6Gk8.js" with { type: "file" };
import f35 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-content-book-open-pages.svg-DTcgOZOF.js" with { type: "file" };
import f36 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-content-book-page.svg-Dx8adZge.js" with { type: "file" };
import f37 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-content-file.svg-Dz0v1fok.js" with { type: "file" };
import f38 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-content-folder.svg-VjXWoHCU.js" with { type: "file" };
import f39 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-copy-clipboard.svg-BhzRQizn.js" with { type: "file" };
import f40 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-edit-attachment.svg-Cml90ExX.js" with { type: "file" };
import f41 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-edit-binocular.svg-D7H4elBU.js" with { type: "file" };
import f42 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-edit-magic-wand.svg-DnbZM2VO.js" with { type: "file" };
import f43 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-edit-tool-paint-roller.svg-D8J2oDzo.js" with { type: "file" };
import f44 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-edit-tool-pencil.svg-T0WoFxyC.js" with { type: "file" };
import f45 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-favorite-award.svg-CqFcbrRx.js" with { type: "file" };
import f46 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-favorite-flag.svg-DqsWR7pe.js" with { type: "file" };
import f47 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-favorite-heart.svg-BvMJCjwP.js" with { type: "file" };
import f48 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-favorite-star.svg-BlDNanoY.js" with { type: "file" };
import f49 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-favorite-stars-sparkles.svg-9BeX5fUH.js" with { type: "file" };
import f50 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-hierarchy-flowchart.svg-BHKPJDJ8.js" with { type: "file" };
import f51 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-home-house.svg-D5lfooBb.js" with { type: "file" };
import f52 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-hyperlink.svg-BpFoYMC0.js" with { type: "file" };
import f53 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-lighting-brightness.svg-CoAfcIty.js" with { type: "file" };
import f54 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-lock-closed.svg-CKYqc-4f.js" with { type: "file" };
import f55 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-lock-open-unlock.svg-DBFzV58Q.js" with { type: "file" };
import f56 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-login-key.svg-CCI3JItR.js" with { type: "file" };
import f57 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-search.svg-BhQHJQNu.js" with { type: "file" };
import f58 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-setting-cog.svg-BzWnCHbh.js" with { type: "file" };
import f59 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-share-megaphone-bullhorn.svg-DdWH90hu.js" with { type: "file" };
import f60 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-share-rocket.svg-CXxwWzhq.js" with { type: "file" };
import f61 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-share-satellite.svg-DYeeI4jc.js" with { type: "file" };
import f62 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-share-space-ship.svg-BwszFm_1.js" with { type: "file" };
import f63 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-share.svg-BkAOH4jo.js" with { type: "file" };
import f64 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-signal-square.svg-yPh1lOfz.js" with { type: "file" };
import f65 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-time-clock-circle.svg-L3l39gPI.js" with { type: "file" };
import f66 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-time-hour-glass.svg-CXgn5C5G.js" with { type: "file" };
import f67 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-users-multiple.svg-wVA43rwn.js" with { type: "file" };
import f68 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/interface-weather-moon.svg-B8fOJeil.js" with { type: "file" };
import f69 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/lib-Bbj21gAy.js" with { type: "file" };
import f70 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/mail-chat-bubble-square.svg-BKY-uOZd.js" with { type: "file" };
import f71 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/mail-send-email-paper-airplane.svg-CdCFw5ma.js" with { type: "file" };
import f72 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/mail-send-envelope.svg-CcqkRMUr.js" with { type: "file" };
import f73 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/markdown-BZaBS8Vq.js" with { type: "file" };
import f74 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/modal-CwQSDtLt.js" with { type: "file" };
import f75 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/money-cashier-receipt.svg-CiyEj-Ia.js" with { type: "file" };
import f76 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/money-currency-dollar-pay.svg-DqYueEaL.js" with { type: "file" };
import f77 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/money-graph-arrow-increase.svg-DUELQ_ar.js" with { type: "file" };
import f78 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/money-graph-bar-chart-increase.svg-CsNIQz0r.js" with { type: "file" };
import f79 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/nature-ecology-leaf.svg-DzDV6U8a.js" with { type: "file" };
import f80 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/parse-html-description-CsOUnLTB.js" with { type: "file" };
import f81 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/phone-telephone.svg-CC6D3VrK.js" with { type: "file" };
import f82 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-bug.svg-D47dCrTb.js" with { type: "file" };
import f83 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-cloud.svg-CA08gN2f.js" with { type: "file" };
import f84 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-computer-database-server.svg-DLcPhVuB.js" with { type: "file" };
import f85 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-computer-database.svg-Cmy-seJV.js" with { type: "file" };
import f86 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-module-four-layout.svg-BWZTJ0I_.js" with { type: "file" };
import f87 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-module-three.svg-T8wcMBE8.js" with { type: "file" };
import f88 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-module.svg-4JqC6LPg.js" with { type: "file" };
import f89 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/programming-script-code.svg-CKSQ4amg.js" with { type: "file" };
import f90 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/reactivity.esm-bundler-B2YZhGrw.js" with { type: "file" };
import f91 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/rolldown-runtime-DRsSX2IQ.js" with { type: "file" };
import f92 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/runtime-core.esm-bundler-CdMV79He.js" with { type: "file" };
import f93 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/shopping-cart.svg-dXZ--yaO.js" with { type: "file" };
import f94 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/shopping-gift-present.svg-jG26c5T2.js" with { type: "file" };
import f95 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/shopping-shipping-box-parcel-package.svg-CSloUrWB.js" with { type: "file" };
import f96 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/tag-new-circle.svg-DqlcILW1.js" with { type: "file" };
import f97 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/travel-map-earth-globe.svg-B1Z57iNX.js" with { type: "file" };
import f98 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/vendor-BHxjhjQc.js" with { type: "file" };
import f99 from "../../../node_modules/@scalar/api-reference/dist/browser/chunks/workspace-events-DIQNWgRA.js" with { type: "file" };
import f100 from "../../../node_modules/@scalar/api-reference/dist/browser/standalone.esm.js" with { type: "file" };

/** Scalar's browser build: the names by which its files know each other, and where they are. */
export const docsFiles: readonly (readonly [name: string, path: string])[] = [
  ["chunks/AgentScalarDrawer-CqzoMsYK.js", f0],
  ["chunks/ScalarTextInput.vue-DHsIHDxq.js", f1],
  ["chunks/ScalarTooltip.vue-CNHZoZ1d.js", f2],
  ["chunks/basic-shape-diamond.svg-CSeTJbeh.js", f3],
  ["chunks/basic-shape-hexagon.svg-oyxWvxRQ.js", f4],
  ["chunks/basic-shape-primary-circle-ellipse-round.svg-DQeZtHBI.js", f5],
  ["chunks/basic-shape-primary-square-rectangle.svg-CyENcVNf.js", f6],
  ["chunks/basic-shape-shield.svg-BiA61UMe.js", f7],
  ["chunks/browser-B6bliBWe.js", f8],
  ["chunks/browser-DMa86Ncd.js", f9],
  ["chunks/computer-device-desktop-monitor.svg-D0xLKhor.js", f10],
  ["chunks/computer-device-desktop.svg-BtJYb718.js", f11],
  ["chunks/computer-device-laptop.svg-C2ePrDUA.js", f12],
  ["chunks/computer-device-mobile-phone-android-samsung-back.svg-Bo87DC3H.js", f13],
  ["chunks/computer-device-mobile-phone-android-samsung.svg-bjrhA_Yg.js", f14],
  ["chunks/computer-device-mobile-phone-iphone-x-back.svg-BkCo132b.js", f15],
  ["chunks/computer-device-mobile-phone-iphone-x.svg-BxlFsHLK.js", f16],
  ["chunks/computer-device-mobile-tablet-touch.svg-QY32_ZcV.js", f17],
  ["chunks/computer-device-mobile-tablet.svg-x1UmeXpS.js", f18],
  ["chunks/computer-device-network-ethernet-cat6.svg-slAB4jZC.js", f19],
  ["chunks/computer-device-network-lan-www.svg-BAuQ1iCW.js", f20],
  ["chunks/computer-device-network-wifi-connection.svg-D4wsguuY.js", f21],
  ["chunks/computer-device-network-wifi-router.svg-iX9GJPnZ.js", f22],
  ["chunks/ecology-science-erlenmeyer-flask.svg-BoFRWqc1.js", f23],
  ["chunks/for-each-path-item-operation-hnrqHtHZ.js", f24],
  ["chunks/get-xml-body-example-DiKu2Hy0.js", f25],
  ["chunks/image-flash-lightning.svg-BkAA15b0.js", f26],
  ["chunks/image-picture-flower.svg-BVVi5dlq.js", f27],
  ["chunks/interface-alert-exclamation-diamond.svg-iCCMRDvu.js", f28],
  ["chunks/interface-alert-exclamation-triangle-warning.svg-PmxLJ1bx.js", f29],
  ["chunks/interface-alert-information-circle.svg-BgH_88jL.js", f30],
  ["chunks/interface-award-crown.svg-R4K0fLsJ.js", f31],
  ["chunks/interface-bookmark-tag.svg-B4E0F1ZU.js", f32],
  ["chunks/interface-bookmark.svg-B4E0F1ZU.js", f33],
  ["chunks/interface-calendar-date-one.svg-CIIy6Gk8.js", f34],
  ["chunks/interface-content-book-open-pages.svg-DTcgOZOF.js", f35],
  ["chunks/interface-content-book-page.svg-Dx8adZge.js", f36],
  ["chunks/interface-content-file.svg-Dz0v1fok.js", f37],
  ["chunks/interface-content-folder.svg-VjXWoHCU.js", f38],
  ["chunks/interface-copy-clipboard.svg-BhzRQizn.js", f39],
  ["chunks/interface-edit-attachment.svg-Cml90ExX.js", f40],
  ["chunks/interface-edit-binocular.svg-D7H4elBU.js", f41],
  ["chunks/interface-edit-magic-wand.svg-DnbZM2VO.js", f42],
  ["chunks/interface-edit-tool-paint-roller.svg-D8J2oDzo.js", f43],
  ["chunks/interface-edit-tool-pencil.svg-T0WoFxyC.js", f44],
  ["chunks/interface-favorite-award.svg-CqFcbrRx.js", f45],
  ["chunks/interface-favorite-flag.svg-DqsWR7pe.js", f46],
  ["chunks/interface-favorite-heart.svg-BvMJCjwP.js", f47],
  ["chunks/interface-favorite-star.svg-BlDNanoY.js", f48],
  ["chunks/interface-favorite-stars-sparkles.svg-9BeX5fUH.js", f49],
  ["chunks/interface-hierarchy-flowchart.svg-BHKPJDJ8.js", f50],
  ["chunks/interface-home-house.svg-D5lfooBb.js", f51],
  ["chunks/interface-hyperlink.svg-BpFoYMC0.js", f52],
  ["chunks/interface-lighting-brightness.svg-CoAfcIty.js", f53],
  ["chunks/interface-lock-closed.svg-CKYqc-4f.js", f54],
  ["chunks/interface-lock-open-unlock.svg-DBFzV58Q.js", f55],
  ["chunks/interface-login-key.svg-CCI3JItR.js", f56],
  ["chunks/interface-search.svg-BhQHJQNu.js", f57],
  ["chunks/interface-setting-cog.svg-BzWnCHbh.js", f58],
  ["chunks/interface-share-megaphone-bullhorn.svg-DdWH90hu.js", f59],
  ["chunks/interface-share-rocket.svg-CXxwWzhq.js", f60],
  ["chunks/interface-share-satellite.svg-DYeeI4jc.js", f61],
  ["chunks/interface-share-space-ship.svg-BwszFm_1.js", f62],
  ["chunks/interface-share.svg-BkAOH4jo.js", f63],
  ["chunks/interface-signal-square.svg-yPh1lOfz.js", f64],
  ["chunks/interface-time-clock-circle.svg-L3l39gPI.js", f65],
  ["chunks/interface-time-hour-glass.svg-CXgn5C5G.js", f66],
  ["chunks/interface-users-multiple.svg-wVA43rwn.js", f67],
  ["chunks/interface-weather-moon.svg-B8fOJeil.js", f68],
  ["chunks/lib-Bbj21gAy.js", f69],
  ["chunks/mail-chat-bubble-square.svg-BKY-uOZd.js", f70],
  ["chunks/mail-send-email-paper-airplane.svg-CdCFw5ma.js", f71],
  ["chunks/mail-send-envelope.svg-CcqkRMUr.js", f72],
  ["chunks/markdown-BZaBS8Vq.js", f73],
  ["chunks/modal-CwQSDtLt.js", f74],
  ["chunks/money-cashier-receipt.svg-CiyEj-Ia.js", f75],
  ["chunks/money-currency-dollar-pay.svg-DqYueEaL.js", f76],
  ["chunks/money-graph-arrow-increase.svg-DUELQ_ar.js", f77],
  ["chunks/money-graph-bar-chart-increase.svg-CsNIQz0r.js", f78],
  ["chunks/nature-ecology-leaf.svg-DzDV6U8a.js", f79],
  ["chunks/parse-html-description-CsOUnLTB.js", f80],
  ["chunks/phone-telephone.svg-CC6D3VrK.js", f81],
  ["chunks/programming-bug.svg-D47dCrTb.js", f82],
  ["chunks/programming-cloud.svg-CA08gN2f.js", f83],
  ["chunks/programming-computer-database-server.svg-DLcPhVuB.js", f84],
  ["chunks/programming-computer-database.svg-Cmy-seJV.js", f85],
  ["chunks/programming-module-four-layout.svg-BWZTJ0I_.js", f86],
  ["chunks/programming-module-three.svg-T8wcMBE8.js", f87],
  ["chunks/programming-module.svg-4JqC6LPg.js", f88],
  ["chunks/programming-script-code.svg-CKSQ4amg.js", f89],
  ["chunks/reactivity.esm-bundler-B2YZhGrw.js", f90],
  ["chunks/rolldown-runtime-DRsSX2IQ.js", f91],
  ["chunks/runtime-core.esm-bundler-CdMV79He.js", f92],
  ["chunks/shopping-cart.svg-dXZ--yaO.js", f93],
  ["chunks/shopping-gift-present.svg-jG26c5T2.js", f94],
  ["chunks/shopping-shipping-box-parcel-package.svg-CSloUrWB.js", f95],
  ["chunks/tag-new-circle.svg-DqlcILW1.js", f96],
  ["chunks/travel-map-earth-globe.svg-B1Z57iNX.js", f97],
  ["chunks/vendor-BHxjhjQc.js", f98],
  ["chunks/workspace-events-DIQNWgRA.js", f99],
  ["standalone.esm.js", f100],
];
