"""A starter text in the other languages of the audience, about as long, for pictures and measurements.

No native speaker has read them, so the library does not contain them. Each says: "This is about fake nudes of real
people", then what the person shown may feel, then what a fake may do to who makes it, then the way out.
"""

TEXTS = {
    "es": (
        "Esto trata de desnudos falsos de personas reales.",
        "La persona que aparece puede sentir miedo y dolor. Quizá no tenga ni idea de quién lo ha visto.\n\n"
        "Un falso puede parecer compañía por ahora. Más tarde quizá sientas aún más soledad. "
        "Puedes parar aquí. Abajo hay ayuda gratuita.",
    ),
    "ar": (
        "هذا النص عن صور عارية مزيفة لأشخاص حقيقيين.",
        "قد يشعر الشخص الظاهر في الصورة بالخوف والألم، وقد لا يعرف أبدا من رآها.\n\n"
        "قد تبدو الصورة المزيفة كأنها رفقة الآن، ثم قد يزداد الشعور بالوحدة بعد ذلك. "
        "التوقف هنا ممكن، والمساعدة المجانية في الأسفل.",
    ),
}
