using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Somebody who has no mouse. Wherever a key leads, the focus must be seen and must not be lost.
internal sealed class Keys(IPage page)
{
    private const int Patience = 150;

    /// What has the focus: a name for people, whether it fits, and what is wrong with how it is seen.
    private const string Now =
        """
        selector => {
          const at = document.activeElement;
          if (!at || at === document.body) return { name: "", fits: false, wrong: null };
          const style = getComputedStyle(at), box = at.getBoundingClientRect();
          const name = `${at.localName} ${at.id || at.name || at.getAttribute("href") || at.textContent.trim().slice(0, 40)}`;
          const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || at.id === "main";
          const within = at.id === "main" || box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
          return { name, fits: selector !== null && at.matches(selector), wrong: !drawn ? `no outline on ${name}` : !within ? `${name} is out of sight` : null };
        }
        """;

    /// Everything that can be worked with on the page as it is: one of each group of radio buttons.
    private const string Reachable =
        """
        () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
          .filter(element => !element.disabled && element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && !element.closest("dialog:not([open])"))
          .filter(element => element.type !== "radio" || element.checked).length
        """;

    public IPage Page => page;

    /// What has the focus now; empty when nothing has.
    public async Task<string> At() => (await Focus(null)).Name;

    public async Task Press(string key)
    {
        await Focus(null);
        await page.Keyboard.PressAsync(key);
    }

    public Task Type(string text) => page.Keyboard.TypeAsync(text);

    /// Goes on with Tab, or back with Shift+Tab, until the focus is on what is looked for.
    public async Task To(string selector, bool back = false)
    {
        var passed = new List<string>();
        for (var i = 0; i < Patience; i++)
        {
            var (name, fits) = await Focus(selector);
            if (fits)
            {
                return;
            }

            passed.Add(name);
            await page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
        }

        Assert.Fail($"The keyboard does not come to {selector} on {page.Url}: {string.Join(", ", passed.Distinct())}");
    }

    /// Goes to it and presses a key, mostly Enter.
    public async Task Use(string selector, string key = "Enter")
    {
        await To(selector);
        await page.Keyboard.PressAsync(key);
    }

    public async Task Fill(string selector, string text)
    {
        await To(selector);
        await page.Keyboard.PressAsync("ControlOrMeta+a");
        await page.Keyboard.TypeAsync(text);
    }

    /// Once around the page: all that can be worked with is come to, each once, and at the end it starts again.
    public async Task GoAround()
    {
        await page.EvaluateAsync("() => { document.activeElement.blur(); scrollTo(0, 0); }");
        await To("a.skip");
        var expected = await page.EvaluateAsync<int>(Reachable);
        var passed = new List<string>();
        do
        {
            var (name, _) = await Focus(null);
            if (name.Length > 0)
            {
                passed.Add(name);
            }

            Assert.True(passed.Count <= expected, $"{page.Url} has {expected} things to work with, but the focus went to {string.Join(", ", passed)}");
            await page.Keyboard.PressAsync("Tab");
        }
        while (!(await Focus("a.skip")).Fits);
        Assert.True(passed.Count == expected, $"{page.Url} has {expected} things to work with, but the focus only came to {string.Join(", ", passed)}");
    }

    private async Task<(string Name, bool Fits)> Focus(string? selector)
    {
        var now = (await page.EvaluateAsync(Now, selector))!.Value;
        Assert.True(now.GetProperty("wrong").ValueKind is System.Text.Json.JsonValueKind.Null, $"{page.Url}: {now.GetProperty("wrong")}");
        return (now.GetProperty("name").GetString()!, now.GetProperty("fits").GetBoolean());
    }
}
