"""Words in Arabic for tests of the right-to-left page.

Written for this project and read by no native speaker yet, so they are a draft wherever a test stores them, and they
are in no library. "The picture is fake, and the person in it is real. You can stop here."
"""

HEADLINE = "الصورة مزيفة، لكن الشخص الذي فيها حقيقي."
BODY = "قد تبدو حقيقية للأصدقاء والغرباء، وهذا الجزء حقيقي.\n\nيمكنك أن تتوقف هنا."
