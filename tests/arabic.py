"""Arabic texts for tests of right-to-left pages.

No native speaker has reviewed them, so tests store them as drafts only, and the library does not contain them. In
English: "The picture is fake, and the person in it is real. You can stop here."
"""

HEADLINE = "الصورة مزيفة، لكن الشخص الذي فيها حقيقي."
BODY = "قد تبدو حقيقية للأصدقاء والغرباء، وهذا الجزء حقيقي.\n\nيمكنك أن تتوقف هنا."
