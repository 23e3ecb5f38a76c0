// All that can be used: [tag, class, width, height], with its label.
() => [...document.querySelectorAll('.cw button, .cw input, .cw select, .cw [tabindex="0"], .cw a')]
  .filter((each) => each.checkVisibility())
  .map((each) => { const box = (each.closest('label') || each).getBoundingClientRect(), own = each.getBoundingClientRect();
                   return [each.tagName, each.className.baseVal ?? each.className, Math.max(own.width, box.width), Math.max(own.height, box.height)]; })
