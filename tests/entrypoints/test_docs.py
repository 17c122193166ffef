"""The reference pages of a running house."""

from tests.support.house import House


async def test_the_type_of_a_problem_leads_to_a_line_that_explains_it(house: House) -> None:
    client = await house.client()
    problem = (await client.get("/api/v1/profiles/nobody_at_all")).json()
    page, _, anchor = problem["type"].partition("#")
    answer = await client.get(page)
    assert answer.status_code == 200
    assert f"id={anchor}>" in answer.text


async def test_the_reference_names_every_operation(house: House) -> None:
    client = await house.client()
    page = (await client.get("/docs")).text
    document = (await client.get("/api/v1/openapi.json")).json()
    assert all(path in page for path in document["paths"])
