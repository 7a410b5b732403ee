"""An English sentence that keeps its template and parameters, so that a page can translate it."""


class Translatable(str):
    """`Translatable("“{name}” is a figure.", name="84")` is the formatted English sentence.

    A parameter may be a Translatable itself, and is then translated too.
    """

    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> "Translatable":
        sentence = super().__new__(cls, template.format(**params))
        sentence.template, sentence.params = template, params
        return sentence
