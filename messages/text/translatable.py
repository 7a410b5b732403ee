"""An English sentence that keeps its template and parameters, so that a page can translate it."""


class Translatable(str):
    """A formatted English sentence that keeps its template and its parameters, which may be Translatable too."""

    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> "Translatable":
        sentence = super().__new__(cls, template.format(**params))
        sentence.template, sentence.params = template, params
        return sentence
